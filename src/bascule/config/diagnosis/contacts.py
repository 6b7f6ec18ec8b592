"""Whom this machine would speak to, and its own firewall does not let it: those that are written by name."""

from collections.abc import Iterator

from bascule.config.contacts import Contact, contacts
from bascule.config.diagnostics import Diagnostic
from bascule.config.firewall import Action, Direction, Rule
from bascule.config.model import Configuration


def unreached(configuration: Configuration) -> Iterator[Diagnostic]:
    """Yield names that a rule of `out` may keep this machine from; the way to addresses is open by itself."""
    wall = configuration.firewall
    out = [] if wall is None else [rule for rule in wall.rules if rule.direction is Direction.OUT]
    for contact in contacts(configuration.system) if out else ():
        rule = _decides(out, contact) if isinstance(contact.host, str) else None
        if rule is not None:
            what = f"{contact.whose} is called {contact.host}, and the rule in line {rule.span.line} may keep us from it"
            line = f"pass out proto {contact.protocol} to any port {contact.port}"
            yield Diagnostic.warning(contact.span, what, f"write `{line}` before that rule, or its address")


def _decides(out: list[Rule], contact: Contact) -> Rule | None:
    """Return the rule that keeps us from a name, wherever that is; None where one before it passes its port."""
    for rule in out:
        named = rule.to.ports is not None and contact.port in rule.to.ports
        if rule.protocol not in {None, contact.protocol} or not (named or rule.to.ports is None):
            continue
        everywhere = rule.to.anywhere or bool(rule.to.zone)
        if rule.action is Action.PASS and (named or everywhere):
            return None
        if rule.action is not Action.PASS and everywhere:
            return rule
    return None
