"""The servers behind the balancer."""
