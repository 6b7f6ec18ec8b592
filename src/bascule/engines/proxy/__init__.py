"""The user-space proxy: relays carried by worker processes, where the kernel cannot serve."""
