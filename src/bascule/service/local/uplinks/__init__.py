"""Routers as people see them: what changed, what needs an eye, and what is shown."""
