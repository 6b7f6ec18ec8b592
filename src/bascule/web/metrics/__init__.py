"""Figures for Prometheus, in its text format."""
