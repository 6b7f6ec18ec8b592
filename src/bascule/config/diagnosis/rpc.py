"""What is wrong or doubtful about `check rpc`: it can only hold ports against those of relays that there are."""

from collections.abc import Iterator
from typing import Final

from bascule.config.diagnostics import Diagnostic
from bascule.config.model import LoadBalancer, Relay, RpcCheck
from bascule.config.rpc_ports import rpc_ports, services
from bascule.config.wording import listed

_MEMBERS: Final = "the relays of RPC Client Access and Address Book, each with a port of its own"


def rpc(balancer: LoadBalancer, relay: Relay) -> Iterator[Diagnostic]:
    """Yield checks that say a port of no service, and those for which nothing tells where a service must be."""
    for forward in relay.forwards:
        check = forward.check
        if not isinstance(check, RpcCheck):
            continue
        if check.port is not None and not check.service:
            what = f"port {check.port} behind `check rpc` is that of one service, and none is named"
            hint = f'write `check rpc "emsmdb" port {check.port}`; the hosts\' own port stands before `check`'
            yield Diagnostic.error(forward.span, what, hint)
            continue
        what, hint = _doubt(balancer, relay, check)
        if what:
            yield Diagnostic.warning(forward.span, what, hint)


def _doubt(balancer: LoadBalancer, relay: Relay, check: RpcCheck) -> tuple[str, str]:
    """Return message and hint of a check that cannot tell right ports from wrong ones; empty where it can."""
    found = rpc_ports(balancer, relay, check)
    unknown = [service for service in services(check) if service not in {ports.service for ports in found}]
    group = f'affinity "{relay.affinity}"'
    if unknown:
        doubt = f"the check of {relay.title} takes any port of {listed(unknown, 'and')} for right"
        if not relay.affinity:
            return f"{doubt}: it is in no affinity group", f'write `affinity "outlook"` in it and in {_MEMBERS}'
        return f"{doubt}: no relay of {group} listens at a port of RPC for it", f"put into the group {_MEMBERS}"
    if not check.service and len({ports[1:] for ports in found}) == 1 and found[0].first == found[0].last:
        what = f"{group} has one port of RPC, {found[0].first}, which Exchange's two services cannot share"
        return what, f"put into the group {_MEMBERS}"
    return "", ""
