"""The probes: each asks a host one question, and returns what showed that it is up or raises why it is not."""
