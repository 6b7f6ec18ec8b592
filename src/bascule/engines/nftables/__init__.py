"""Relays in the kernel: one table of rules, changed in place and never deleted while sessions live."""
