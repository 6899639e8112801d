"""The only place where ports meet engines; the use-cases that doors, pages and commands call."""
