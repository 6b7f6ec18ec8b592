"""Asks a directory who somebody is and which groups he is in, in a process without rights that ends with its answer."""
