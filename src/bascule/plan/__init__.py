"""From a configuration, facts and host states to the plan; who gets which client, and why. Pure."""
