"""Engines make one part of the machine equal to one part of the plan; none knows another."""
