"""A soak: mixed load on a running balancer while everything around it goes wrong, and a record of what explains what."""
