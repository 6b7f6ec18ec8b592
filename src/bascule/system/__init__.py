"""Doors to the machine: netlink, nft, commands, files, clock; each a protocol with a real and a fake."""
