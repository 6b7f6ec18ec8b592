"""What the pages of the load balancer show and do, as values: the tree, orders, the wizard's answers. Pure."""
