"""The tests mirror the source. A package of its own name, so that no installed `tests` can stand before it."""
