"""Binds `router` blocks."""

from bascule.config.binding.relays import Surroundings, forward
from bascule.config.lexer import Report
from bascule.config.model import Network, Router
from bascule.config.outline import Node
from bascule.config.schema.interface import DESTINATION
from bascule.config.schema.load_balancer import NAME


def router(node: Node, around: Surroundings, report: Report) -> Router | None:
    """Return a router, or None where it has no `route` or `forward to` that could be read."""
    line = node.first("forward to")
    destinations = tuple(dict.fromkeys(_destination(route) for route in node.each("route")))
    if line is None or not destinations:
        return None
    return Router(
        name=node.match[NAME],
        destinations=destinations,
        forward=forward(line, around, report),
        disabled=node.first("disable") is not None,
        span=node.match.span,
    )


def _destination(node: Node) -> Network | None:
    choice = node.match.choice
    return None if choice is None else choice.get(DESTINATION)
