"""Doseway: an open control tower for medicines on the move."""

__version__ = "0.1.0"
