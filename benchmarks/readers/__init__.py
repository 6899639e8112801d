"""Readers of published instances, one file for each public format; what cannot be read says file, line and why."""
