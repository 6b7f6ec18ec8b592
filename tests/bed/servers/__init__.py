"""Real servers in a node of the bed. Each module starts one and returns the log that it writes itself."""
