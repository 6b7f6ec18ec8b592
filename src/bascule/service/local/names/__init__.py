"""What hosts' names stand for: what was told last, kept over restarts, and what changes when something else is told."""
