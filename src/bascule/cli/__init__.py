"""The command line: what people and scripts say to Bascule, and how they read its answers."""
