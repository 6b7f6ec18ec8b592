"""Probes, one module each, and what their results make of a host's state."""
