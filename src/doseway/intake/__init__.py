"""Intake: what the loggers and partner systems say, decoded; bytes in, recordings out."""
