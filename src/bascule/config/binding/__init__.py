"""From the outline of a text to a configuration: what the statements mean together."""

from bascule.config.binding.exchange import exchange
from bascule.config.binding.firewall import firewall
from bascule.config.binding.interfaces import interfaces
from bascule.config.binding.known import Known
from bascule.config.binding.load_balancer import load_balancer
from bascule.config.binding.system import system
from bascule.config.lexer import Report
from bascule.config.model import Configuration
from bascule.config.outline import Node


def bind(top: Node, report: Report) -> Configuration:
    """Return what an outline means; it is whole only where nothing was reported, here or before."""
    known = Known.of(top, report)
    return Configuration(
        interfaces=interfaces(top, report),
        load_balancer=load_balancer(top, known, report),
        exchange=exchange(top),
        firewall=firewall(top, known, report),
        system=system(top, report),
    )
