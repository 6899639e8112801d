"""The commands of `doseway plan`, and what they share."""
