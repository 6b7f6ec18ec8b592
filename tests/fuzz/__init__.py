"""Hostile input for everything that reads what others wrote; `make fuzz` runs every target for as long as it is told."""
