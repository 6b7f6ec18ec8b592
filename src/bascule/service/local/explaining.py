"""Answering `explain` over a plan, the running one or one made for the question."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from ipaddress import ip_address
from typing import Final

from bascule.config.facts import Facts
from bascule.config.model import Address, Configuration, Network
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

_PLAIN: Final = frozenset(Explanation.__struct_fields__) - {"decided", "rules"}


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
    most = MOST_RULES_TOLD // max(1, len(request.clients)) if request.rules else 0
    questions = [
        Question(
            client=_address(client),
            port=request.port,
            to=to,
            protocol=request.protocol,
            interface=request.interface,
            rules=most,
        )
        for client in request.clients
    ]
    walked = [explain(supposed, question, states=states, rankings=rankings, grounds=known) for question in questions]
    return Explained(explanations=tuple(map(_travelling, walked)))


def known_of(
    plan: Plan, configuration: Configuration, facts: Facts, members: Mapping[str, Iterable[Network]] | None = None
) -> Grounds | None:
    """Return what the firewall of a configuration's plan judges by on a machine, or None where it has none.

    `members` are the addresses that rules' limits have put into tables, by the table's name.
    """
    return None if plan.firewall is None else grounds(plan, promised(configuration, facts), members=members)


def _travelling(walked: Walked) -> Explanation:
    return Explanation(
        **{name: getattr(walked, name) for name in _PLAIN},
        decided=None if walked.decided is None else _row(walked.decided),
        rules=tuple(map(_row, walked.rules)),
    )


def _row(asked: Asked) -> AskedRule:
    return AskedRule(**asdict(asked))


def _address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise OperationFailed(NotFound(message=f"{text} is no IP address")) from None
