"""Answering `explain` over a plan, the running one or one made for the question."""

from collections.abc import Mapping
from dataclasses import asdict
from ipaddress import ip_address
from typing import Final

from bascule.config.facts import Facts
from bascule.config.model import Address, Configuration
from bascule.plan.explain import explain, strangers, suppose
from bascule.plan.grounds import Grounds, grounds
from bascule.plan.model import HostState, Plan, ProbeTarget
from bascule.plan.network import promised
from bascule.plan.question import Asked, Question
from bascule.plan.question import Explanation as Walked
from bascule.plan.slots import Rankings
from bascule.service.failures import NotFound, OperationFailed
from bascule.service.operations import MOST_RULES_TOLD, Explain
from bascule.service.results import AskedRule, Explained, Explanation

_PLAIN: Final = frozenset(Explanation.__struct_fields__) - {"decided", "rules", "rules_left_out"}


def explained(
    plan: Plan, states: Mapping[ProbeTarget, HostState] | None, request: Explain, known: Grounds | None
) -> Explained:
    """Return one explanation for each client; `states` None supposes every host up but those the request takes as down.

    `known` is what the plan's firewall judges by. Raises OperationFailed for a host that is in no table, or what is no
    address.
    """
    rankings = Rankings()
    unknown = strangers(plan, request.down)
    if unknown:
        raise OperationFailed(NotFound(message=f"no table has a host {', '.join(unknown)}"))
    supposed = (
        plan
        if states is not None and not request.down
        else suppose(plan, down=request.down, states=states, rankings=rankings)
    )
    to = None if request.to is None else _address(request.to)
    questions = [
        Question(client=_address(client), port=request.port, to=to, protocol=request.protocol, interface=request.interface)
        for client in request.clients
    ]
    walked = [explain(supposed, question, states=states, rankings=rankings, grounds=known) for question in questions]
    most = MOST_RULES_TOLD // max(1, len(walked)) if request.rules else 0
    return Explained(explanations=tuple(_travelling(each, most) for each in walked))


def known_of(plan: Plan, configuration: Configuration, facts: Facts) -> Grounds | None:
    """Return what the firewall of a configuration's plan judges by on a machine, or None where it has none."""
    return None if plan.firewall is None else grounds(plan, promised(configuration, facts))


def _travelling(walked: Walked, most: int) -> Explanation:
    """Return an explanation with so many rules at most: those that were asked last, where the one is that decided."""
    rules = walked.rules[max(0, len(walked.rules) - most) :]
    return Explanation(
        **{name: getattr(walked, name) for name in _PLAIN},
        decided=None if walked.decided is None else _row(walked.decided),
        rules=tuple(_row(each) for each in rules),
        rules_left_out=len(walked.rules) - len(rules),
    )


def _row(asked: Asked) -> AskedRule:
    return AskedRule(**asdict(asked))


def _address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise OperationFailed(NotFound(message=f"{text} is no IP address")) from None
