"""`bascule configure`: the working copy edited line by line, in a terminal or out of a pipe."""
