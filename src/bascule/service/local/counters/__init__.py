"""Counters and rates of relays and their hosts since this process started."""
