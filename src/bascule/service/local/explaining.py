"""Answering `explain` over a plan, the running one or one made for the question."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final

from bascule.config.model import Address
from bascule.plan.explain import Explanation as Walked
from bascule.plan.explain import Question, explain, strangers, suppose
from bascule.plan.model import HostState, Plan, ProbeTarget
from bascule.plan.slots import Rankings
from bascule.service.failures import NotFound, OperationFailed
from bascule.service.operations import Explain
from bascule.service.results import Explained, Explanation

_FIELDS: Final = Explanation.__struct_fields__


def explained(plan: Plan, states: Mapping[ProbeTarget, HostState] | None, request: Explain) -> Explained:
    """Return one explanation for each client; `states` None supposes every host up but those the request takes as down.

    Raises OperationFailed for a host that is in no table, or what is no address.
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
    walked = [explain(supposed, question, states=states, rankings=rankings) for question in questions]
    return Explained(explanations=tuple(_travelling(each) for each in walked))


def _travelling(walked: Walked) -> Explanation:
    return Explanation(**{name: getattr(walked, name) for name in _FIELDS})


def _address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise OperationFailed(NotFound(message=f"{text} is no IP address")) from None
