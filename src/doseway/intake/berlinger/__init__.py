"""Pieces of the Berlinger text export: its indented tree, its signature, what the device claims."""
