"""The kinds of values that statements take."""
