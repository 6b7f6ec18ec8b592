"""Judges a bound configuration as a whole, and on the machine that it shall run on."""

from collections.abc import Callable, Iterator
from typing import Final

from bascule.config.diagnosis.exchange import exchange
from bascule.config.diagnosis.firewall import firewall
from bascule.config.diagnosis.interfaces import interfaces
from bascule.config.diagnosis.listeners import listeners
from bascule.config.diagnosis.mailboxes import mailboxes
from bascule.config.diagnosis.names import names
from bascule.config.diagnosis.outward import outward
from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnosis.relays import relays
from bascule.config.diagnosis.routers import routers
from bascule.config.diagnosis.system import system
from bascule.config.diagnosis.table_files import files
from bascule.config.diagnosis.tables import tables
from bascule.config.diagnosis.vdirs import vdirs
from bascule.config.diagnostics import Diagnostic
from bascule.config.facts import Facts
from bascule.config.leases import with_leases
from bascule.config.load import in_order
from bascule.config.model import Configuration
from bascule.config.names import with_hosts

_JUDGES: Final[tuple[Callable[[Ownership], Iterator[Diagnostic]], ...]] = (
    interfaces,
    tables,
    names,
    listeners,
    relays,
    routers,
    exchange,
    vdirs,
    mailboxes,
    system,
    outward,
    firewall,
    lambda ownership: files(ownership.configuration, ownership.facts),
)


def diagnose(configuration: Configuration, facts: Facts) -> tuple[Diagnostic, ...]:
    """Return what is wrong or doubtful about a configuration on a machine, in the order of the text.

    An error among them refuses the configuration, as one of `load` does. What other software on the machine does is not
    judged here.
    """
    ownership = Ownership(with_hosts(with_leases(configuration, facts), facts), facts)
    return in_order(tuple(found for judge in _JUDGES for found in judge(ownership)))
