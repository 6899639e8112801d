"""The tests. A package of their own name, because an installed library brings a `tests` package along."""
