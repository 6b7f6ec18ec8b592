"""From a few answers to a whole farm: the guide's table, its text, and what else is to be done. Pure."""
