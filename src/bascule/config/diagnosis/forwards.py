"""What is wrong or doubtful about port forwards: where they begin, and where they lead."""

from collections.abc import Iterator

from bascule.config.diagnosis.ownership import Ownership
from bascule.config.diagnostics import Diagnostic
from bascule.config.firewall import Address, Ports, Protocol, Rule
from bascule.config.model import Listen, Relay


class _Places:
    """Where relays and redirects listen, and the admin server."""

    def __init__(self, ownership: Ownership) -> None:
        self._ours = ownership.all_ours()
        self._singles: dict[tuple[str, int], list[tuple[Relay, Listen]]] = {}
        self._ranges: list[tuple[Relay, Listen]] = []
        self._server = ownership.configuration.system.http_server
        for relay in ownership.configuration.load_balancer.relays:
            for listen in () if relay.disabled else relay.listens:
                place = self._ranges
                if listen.last_port is None:
                    place = self._singles.setdefault((listen.transport, listen.port), [])
                place.append((relay, listen))

    def listening(self, address: Address, protocol: Protocol, ports: Ports, *, whole: bool = False) -> Relay | None:
        """Return a relay or redirect that listens at one of some ports, or by one line at the whole range of them."""
        one = ports.first == ports.last
        found = (
            self._singles.get((protocol, ports.first), [])
            if one
            else [each for all_ in self._singles.values() for each in all_]
        )
        for relay, listen in (*found, *self._ranges):
            first, last = listen.ports[0], listen.ports[-1]
            meets = first <= ports.first and ports.last <= last if whole else first <= ports.last and ports.first <= last
            if meets and listen.transport.value == protocol.value and self._at(listen.address, address):
                return relay
        return None

    def administers(self, address: Address, protocol: Protocol, ports: Ports) -> bool:
        """Whether the admin server answers there."""
        server = self._server
        if server is None or protocol is not Protocol.TCP:
            return False
        return server.port in ports and self._at(server.address, address)

    def _at(self, listening: Address | None, address: Address) -> bool:
        return listening == address or (listening is None and address in self._ours)


def forwards(ownership: Ownership, rules: tuple[Rule, ...]) -> Iterator[Diagnostic]:
    """Yield port forwards that would take a relay's own clients, and those to where nothing of ours listens."""
    places = _Places(ownership)
    for rule in rules:
        forward, to, ports = rule.forward, rule.to.one, rule.to.ports
        if forward is None or to is None or ports is None or rule.protocol is None:
            continue
        relay = places.listening(to, rule.protocol, ports)
        if relay is not None:
            what = f"{relay.title} listens on {to} port {ports} itself: its clients cannot be forwarded to anybody else"
            yield Diagnostic.error(rule.span, what, "give one of them another address or port")
        target = ports if forward.port is None else Ports(forward.port, forward.port)
        if not ownership.ours(forward.address) or places.administers(forward.address, rule.protocol, target):
            continue
        if places.listening(forward.address, rule.protocol, target, whole=True) is None:
            what = f"{forward.address} is ours, and no relay or redirect listens on its {rule.protocol} port {target}"
            yield Diagnostic.warning(rule.span, what, "nobody answers unless another program of this machine does")
