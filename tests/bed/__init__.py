"""The test bed: throw-away networks of namespaces, and real servers and clients to put into them."""
