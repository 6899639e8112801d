"""The model: columns, then constraints; each constraint is one function whose docstring is its inequality."""
