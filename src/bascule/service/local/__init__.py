"""The work itself, done in this process: imported by the parent and by the composition root alone."""
