"""Bascule: a firewall and load balancer for Microsoft Exchange on Linux."""

from typing import Final

__version__: Final = "0.1.0"
