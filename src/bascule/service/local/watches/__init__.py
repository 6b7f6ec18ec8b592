"""What runs out before anything breaks: source ports, and the kernel's table of sessions."""
