"""The commands: each takes the parsed command line and a session, and returns its exit code."""
