"""Simulated Exchange servers for the demo and the tests, and the clients that ask them who they are."""
