"""Alerts: which events are some, when they go out, how they read, and that they get there."""
