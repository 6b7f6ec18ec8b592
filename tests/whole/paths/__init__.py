"""One suite of what clients and servers do to each other, over every data path, in both IP versions."""
