"""Generators of the OAP/1 vectors; see ../README.md."""
