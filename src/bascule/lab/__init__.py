"""Simulated Exchange servers, for the demo and the tests."""
