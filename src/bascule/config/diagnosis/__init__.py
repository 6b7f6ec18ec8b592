"""What is wrong or doubtful about a configuration as a whole, and on this machine."""
