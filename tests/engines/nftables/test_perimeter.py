"""A firewall between an outside, an inside and a dmz: real sessions, and what a scanner sees."""

import asyncio
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import pytest

from bascule.engines.nftables.compose import compose
from bascule.engines.nftables.rules.firewall.names import counter, overloaded_set
from bascule.engines.nftables.script import transaction
from bascule.plan.firewall import Purpose
from bascule.plan.idents import idents
from bascule.system.packet_log import KernelPacketLog, LoggedPacket
from bed import frames
from bed.kernel_relays import KernelRelays
from bed.netlab import NetLab
from bed.node import Node
from bed.perimeter import Perimeter
from bed.scan import ACK, FIN, NULL, SYN, UDP, scanned
from bed.sessions import Servers, carried, connected, opened
from bed.wait import eventually, until
from engines.nftables.firewalls import PERIMETER, RELAYS, block

pytestmark = pytest.mark.kernel

OUTER: Final = {4: "10.70.0.2", 6: "fd70::2"}
VIP: Final = {4: "10.80.0.10", 6: "fd80::10"}
FORWARDS: Final = (
    "pass in proto tcp to 10.70.0.2 port 443 forward to 10.80.0.10",
    "pass in proto tcp to fd70::2 port 443 forward to fd80::10",
)
"""The guide's last step."""
ADMIN: Final = "system { http-server { port 4433 } }\n"
REPLACED: Final = int(os.environ.get("BASCULE_REPLACED", "60"))
"""How often rules are replaced while scans go on."""
TRIED: Final = (22, 25, 135, 443, 4433, 8080, 59532)
SCANS: Final = (SYN, ACK, FIN, NULL, UDP)


@dataclass(frozen=True)
class Place:
    """The network, what the balancer does in it, and who listens on 443 and 135: the hosts, and a server in the dmz."""

    net: NetLab
    relays: KernelRelays
    servers: Servers
    version: int

    def __getitem__(self, name: str) -> Node:
        return self.net[name]

    @property
    def outer(self) -> str:
        """Return the balancer's address on the outside."""
        return OUTER[self.version]

    @property
    def vip(self) -> str:
        """Return where relays listen."""
        return VIP[self.version]

    def own(self, name: str) -> str:
        """Return the address of a node."""
        return self.net[name].address(self.version)

    def deploy(self, *lines: str, relays: str = RELAYS) -> None:
        """Deploy a firewall of these lines."""
        self.relays.deploy(PERIMETER + relays + block(*lines))
        assert self.relays.difference() == ""

    def met(self, name: str, address: str, port: int) -> tuple[str, str] | None:
        """Return which server a client gets through to and back, and in whose name it comes; None where it does not."""
        try:
            with self.servers.session(self.net[name], (address, port)) as session:
                session.speak()
                return session.node.name, session.server.getpeername()[0].removeprefix("::ffff:")
        except (TimeoutError, ConnectionRefusedError):
            return None

    def counted(self, purpose: Purpose | None) -> int:
        """Return how many packets rules of one purpose have decided on; None are those of the text."""
        plan = self.relays.plan.firewall
        assert plan is not None
        names, rules = idents(plan), plan.all_rules
        found = self.relays.run(self.relays.machine.nft.counters("inet", "bascule"))
        return sum(found[counter(names[at])] for at, rule in enumerate(rules) if rule.purpose is purpose)

    def barred(self, name: str, address: str, port: int) -> bool:
        """Tell whether a client hears nothing at all for a while."""
        with opened(self.net[name], address) as client:
            client.settimeout(0.3)
            try:
                client.connect((address, port))
            except TimeoutError:
                return True
            except ConnectionRefusedError:
                return False
            return False


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NetLab, KernelRelays, Servers]]:
    """Build the network once."""
    with NetLab(Perimeter()) as net:
        net.hold("lb1", "10.80.0.10", "fd80::10", nic=1)
        relays = KernelRelays(net["lb1"], tmp_path_factory.mktemp("state"))
        with Servers([*net.named("srv"), net["dmz1"]], 443, 135) as servers:
            yield net, relays, servers


@pytest.fixture(params=[4, 6], ids=["IPv4", "IPv6"])
def place(network: tuple[NetLab, KernelRelays, Servers], request: pytest.FixtureRequest) -> Place:
    """Return it with nothing left of the test before."""
    net, relays, servers = network
    relays.forget()
    return Place(net, relays, servers, request.param)


def listener(node: Node, port: int, address: str = "") -> socket.socket:
    """Listen on one node, at every address or at one."""
    with node.entered():
        if address:
            return socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET)
        return socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)


def test_the_guides_last_step(place: Place) -> None:
    """Clients outside come by the router's address, those inside by the relay's own, or by the router's, too."""
    place.deploy(*FORWARDS)
    for name, address in (("outside1", place.outer), ("inside1", place.vip), ("inside1", place.outer)):
        met = place.met(name, address, 443)
        assert met is not None
        assert met[0] in {"srv1", "srv2"}
        assert met[1] == place.vip
    states = [state for state in place.relays.states() if state.listen_port == 443]
    assert len(states) == 3


def test_rpc_answers_inside_and_not_outside(place: Place) -> None:
    """Neither at the relay's own address, though it is routed, nor at the router's."""
    place.deploy(*FORWARDS)
    met = place.met("inside1", place.vip, 135)
    assert met is not None
    assert met[0] in {"srv1", "srv2"}
    for name in ("outside1", "dmz1"):
        assert place.barred(name, place.vip, 135)
    assert place.barred("outside1", place.outer, 135)


def test_a_port_forward_to_somebody_else(place: Place) -> None:
    """The server sees its client, unless both are in one network: then it would answer past us."""
    place.deploy(f"pass in proto tcp to {place.outer} port 8443 forward to {place.own('srv1')} port 443")
    assert place.met("outside1", place.outer, 8443) == ("srv1", place.own("outside1"))
    near = place.met("inside1", place.outer, 8443)
    assert near in {("srv1", place["lb1"].address(place.version, 1)), ("srv1", place.vip)}
    assert place.met("dmz1", place.outer, 8443) == ("srv1", place.own("dmz1"))


def test_a_rule_before_a_forward_decides(place: Place) -> None:
    """For those whom it matches, and they are not forwarded."""
    target = place.own("srv1")
    forward = f"pass in proto tcp to {place.outer} port 443 forward to {target}"
    place.deploy(f"block in from {place.own('outside1')}", forward)
    assert place.barred("outside1", place.outer, 443)
    assert place.met("dmz1", place.outer, 443) == ("srv1", place.own("dmz1"))


def test_hosts_of_one_table_are_never_altered(place: Place) -> None:
    """We are the gateway between two of them: no rule, no translation, no clamping, whatever the text says."""
    one, other = place.own("srv1"), place.own("dmz1")
    relays = RELAYS.replace("10.80.2.2", "10.90.1.1").replace("fd80::2:2", "fd90::1:1")
    place.deploy("block through", "nat on dmz from internal", relays=relays)
    place["lb1"].run("ip", "link", "set", "eth2", "mtu", "1400")
    try:
        for name, address in (("srv1", other), ("dmz1", one)):
            with place.servers.session(place[name], (address, 443)) as session:
                session.speak()
                assert session.server.getpeername()[0].removeprefix("::ffff:") == place.own(name)
                assert session.server.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) > 1400
        assert place.barred("srv2", other, 443)
        place.deploy("pass through", "nat on dmz from internal")
        with place.servers.session(place["srv1"], (other, 443)) as session:
            session.speak()
            assert session.server.getpeername()[0].removeprefix("::ffff:") == place["lb1"].address(place.version, 2)
            assert session.server.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) < 1400
    finally:
        place["lb1"].run("ip", "link", "set", "eth2", "mtu", "1500")


@pytest.mark.parametrize("flags", [frames.SYN, frames.FIN, 0, frames.FIN | frames.PSH | frames.URG])
def test_false_sources_do_not_reach_hosts_of_one_table(place: Place, flags: int) -> None:
    """Not even with packets of which no session could come."""
    place.deploy()
    one, other = (ip_address(place.own(name)) for name in ("srv1", "srv2"))
    before = place.counted(Purpose.SPOOFING)
    with frames.Wire(place["outside1"], place.outer) as wire:
        wire.send(frames.Frame(source=one, source_port=50_000, destination=other, port=443, protocol="tcp", flags=flags))
        until(lambda: place.counted(Purpose.SPOOFING) == before + 1, within=3, what="a false source is seen")


def test_who_is_over_a_limit_is_remembered(place: Place) -> None:
    """The third session is dropped, and its client is in the table: other rules bar it everywhere. Others are served."""
    limited = "limit sessions 2 overload <greedy> for 1h"
    forward = f"pass in proto tcp to {place.outer} port 443 forward to {place.vip} {limited}"
    place.deploy("table <greedy> { }", "block in from <greedy>", forward, "pass in proto tcp to any port 8080")
    client, door = place["outside1"], (place.outer, 443)
    with ExitStack() as stack, listener(place["lb1"], 8080), connected(client, (place.outer, 8080)):
        for _ in range(2):
            stack.enter_context(place.servers.session(client, door)).speak()
        assert place.barred("outside1", *door)
        assert place.barred("outside1", place.outer, 8080)
        name = overloaded_set("greedy", place.version)
        (element,) = place.relays.run(place.relays.machine.nft.named("set", "inet", "bascule", name))["elem"]
        assert element["elem"]["val"] == place.own("outside1")
        assert place.met("dmz1", *door) is not None


def test_what_begins_no_session_is_over_no_limit(place: Place) -> None:
    """Sessions that are picked up in mid-stream, and what administrators send, of whom no session is kept."""
    limited = "limit rate 1 overload <hasty>"
    forward = f"pass in proto tcp to {place.outer} port 443 forward to {place.vip} {limited}"
    relays = ADMIN + RELAYS.replace("roundrobin", "source-hash")
    place.deploy("table <hasty> { }", "block in from <hasty>", forward, f"pass in port 4433 {limited}", relays=relays)
    with place.servers.session(place["outside1"], (place.outer, 443)) as session:
        for _ in range(3):
            session.speak()
            place.relays.forget()
    _spoken(place)


def test_sessions_that_this_machine_began_go_on(place: Place) -> None:
    """Where the first that a new firewall sees of them is an answer."""
    place.deploy()
    with place.servers.session(place["lb1"], (place.own("dmz1"), 443)) as session:
        for _ in range(2):
            place.relays.forget()
            carried(session.server, session.client, b"an answer")
            carried(session.client, session.server, b"a question")


def test_who_listens_where_sessions_begin_is_not_seen(place: Place) -> None:
    """At the ports that the kernel gives to who connects: neither anybody everywhere, nor the proxy at a relay's place."""
    proxied = RELAYS.replace("port 135", "port 59532").replace('relay "RPC" {', 'relay "RPC" {\n\t\tengine proxy')
    place.deploy(relays=proxied)
    with listener(place["lb1"], 50_000), listener(place["lb1"], 59_532, place.vip):
        for port in (50_000, 59_532):
            assert scanned(place["outside1"], ACK, place.vip, [port]) == {port: "filtered"}


def test_a_host_that_is_probed_begins_nothing_where_answers_come(place: Place) -> None:
    """What a probe gets from its service passes; a SYN from there is judged as anybody's."""
    place.deploy("block in proto tcp to any port 61500")
    own, before = place["lb1"].address(place.version, 1), place.counted(None)
    with frames.Wire(place["srv1"], own) as wire:
        host, here = ip_address(place.own("srv1")), ip_address(own)
        wire.send(frames.Frame(source=host, source_port=443, destination=here, port=61_500, protocol="tcp"))
        until(lambda: place.counted(None) == before + 1, within=3, what="a SYN is judged")


def test_who_asks_for_the_admin_server_is_logged(place: Place) -> None:
    """Once for each session, though none is kept of it."""
    place.deploy("pass in log proto tcp to any port 4433", relays=ADMIN + RELAYS)
    heard: list[LoggedPacket] = []

    async def come() -> None:
        with KernelPacketLog().follow(heard.append, lambda: None):
            await asyncio.to_thread(_spoken, place)
            await eventually(lambda: len(heard) > 0)

    place.relays.run(come())
    assert [(str(each.source), each.port) for each in heard] == [(place.own("dmz1"), 4433)]


def _spoken(place: Place) -> None:
    """Carry some packets to where the admin server would listen."""
    with listener(place["lb1"], 4433) as door, connected(place["dmz1"], (place.outer, 4433)) as client:
        server, _ = door.accept()
        with server:
            for _ in range(3):
                carried(client, server, b"a packet of an administrator")


def test_the_proxy_reaches_its_hosts(place: Place) -> None:
    """Whatever the text blocks, and nobody else does."""
    place.deploy("block out", relays=RELAYS.replace('relay "HTTPS" {', 'relay "HTTPS" {\n\t\tengine proxy'))
    met = place.met("lb1", place.own("srv1"), 443)
    assert met is not None
    assert met[0] == "srv1"
    assert place.barred("lb1", place.own("srv1"), 135)
    assert place.barred("lb1", place.own("dmz1"), 443)


def test_errors_about_what_is_not_tracked_are_heard(place: Place) -> None:
    """Of administrators' sessions and probes: they would hang where a way gets narrower."""
    place.deploy("block in", relays=ADMIN + RELAYS)
    way = place["lb1"].address(place.version, 2)
    here, there = ip_address(place.outer), ip_address(place.own("dmz1"))
    sent = frames.Frame(
        source=here, source_port=4433, destination=there, port=50_000, protocol="tcp", flags=frames.ACK
    ).packed()
    protocol, kind = ("icmp", 3) if place.version == 4 else ("icmp6", 1)
    with frames.Wire(place["dmz1"], way) as wire:
        heard = _unreachable(place)
        error = frames.Frame(source=there, source_port=0, destination=here, port=kind, protocol=protocol, data=sent)
        wire.send(error)
        until(lambda: _unreachable(place) == heard + 1, within=3, what="the error is heard")


def _unreachable(place: Place) -> int:
    """Return how many errors the balancer has taken in."""
    name = {4: "IcmpInDestUnreachs", 6: "Icmp6InDestUnreachs"}[place.version]
    return int(place["lb1"].run("nstat", "-asz", name).stdout.split()[-2])


def test_administrators_come_in_from_inside_alone(place: Place) -> None:
    """By ssh, without any rule of the text; and established sessions outlive a rule against them."""
    place.deploy()
    with listener(place["lb1"], 22) as door:
        own = place["lb1"].address(place.version, 1)
        with connected(place["inside1"], (own, 22)) as client:
            server, _ = door.accept()
            with server:
                carried(client, server, b"before")
                place.deploy("block in")
                assert place.barred("inside1", own, 22)
                carried(server, client, b"after")
                place.relays.forget()
                carried(server, client, b"we speak first, and are heard again")
                carried(client, server, b"and so is the other")
        assert place.barred("outside1", place.outer, 22)


def test_a_scanner_sees_what_is_open_and_no_more(place: Place) -> None:
    """Before rules are replaced, and while they are, again and again; others listen behind what is shut."""
    other = place.relays.compiled(
        PERIMETER + RELAYS + block(*FORWARDS, "pass in proto tcp from 10.99.0.1 to any port 21:5000")
    )
    place.deploy(*FORWARDS)
    rulesets = compose(place.relays.plan), compose(other)
    there, back = (transaction(after, before) for before, after in (rulesets, rulesets[::-1]) if after)
    shut = [port for port in TRIED if port != 443]
    expected = {(how, port, "filtered" if how in (SYN, ACK) else "open|filtered") for how in SCANS for port in shut}
    expected |= {(how, 443, {SYN: "open", ACK: "unfiltered"}.get(how, "open|filtered")) for how in SCANS}
    with ExitStack() as stack, ThreadPoolExecutor(1) as pool:
        for port in shut:
            stack.enter_context(listener(place["lb1"], port))
        assert _seen(place) == expected
        scanning, replaced = pool.submit(_seen, place), 0
        while replaced < REPLACED or not scanning.done():
            replaced += 2
            place["lb1"].nft(there)
            place["lb1"].nft(back)
            if scanning.done() and replaced < REPLACED:
                assert scanning.result() == expected
                scanning = pool.submit(_seen, place)
        assert scanning.result() == expected
        assert place.relays.difference() == ""
    print(replaced, "replacements")  # noqa: T201 - how often


def _seen(place: Place) -> set[tuple[str, int, str]]:
    """Return what each way of scanning finds every port to be, all at once."""

    def found(how: str) -> set[tuple[str, int, str]]:
        return {(how, port, state) for port, state in scanned(place["outside1"], how, place.outer, TRIED).items()}

    with ThreadPoolExecutor(len(SCANS)) as pool:
        return set().union(*pool.map(found, SCANS))
