"""The control plane: how long a large configuration takes, and how much memory."""
