"""The access log: a line for each session that ends, written where the configuration says."""
