"""DCE/RPC over TCP as far as the `rpc` health check and the simulated servers speak it. Pure: streams are handed in."""
