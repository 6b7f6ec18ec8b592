"""The network stack's settings; addresses and routes follow with deployments."""
