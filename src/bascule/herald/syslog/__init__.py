"""Syslog servers: how a line is written, and how it gets there."""
