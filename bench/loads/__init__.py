"""The loads: what is asked of a contender, and by whom."""
