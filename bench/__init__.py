"""The benchmark: what Bascule costs, beside no balancer at all, HAProxy and nginx, in one run on one machine."""
