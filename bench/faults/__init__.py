"""Faults: what clients feel when a host, a daemon or a worker dies, and when a configuration is read again."""
