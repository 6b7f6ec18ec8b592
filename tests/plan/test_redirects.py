"""What redirects, ranges of ports and remembered clients compile to."""

from ipaddress import ip_address

from bascule.config.model import EngineName, Kind, Transport
from bascule.plan.compile import Situation, compile_plan, redeal
from bascule.plan.explain import explain
from bascule.plan.model import Endpoint, MarkOwner, Plan
from bascule.plan.question import Question
from bascule.plan.slots import Rankings
from plan.situations import ONE_ARM_BLOCK, TWO_ARM, balancer, configured, relay, states

VIP = ip_address("10.80.0.10")
HOSTS = ('10.90.2.1 name "EX1"', '10.90.2.2 name "EX2"')


def compiled(*services: str, down: tuple[str, ...] = (), marks: dict[MarkOwner, int] | None = None) -> Plan:
    """Return the plan of these services on a machine with two arms, every other host up."""
    situation = Situation(facts=TWO_ARM, marks=marks or {})
    plan = compile_plan(configured(ONE_ARM_BLOCK + balancer(*services, hosts=HOSTS)), situation)
    return redeal(plan, states(plan, down=down), situation.rankings)


def redirect(*listen: str, forward: str = "check tcp mode source-hash", name: str = "SMTP", more: str = "") -> str:
    """Return a redirect."""
    return relay(name, *([more] if more else []), listen=listen, forward=forward, kind="redirect")


def test_a_redirect_has_no_source_and_is_the_kernels() -> None:
    """Hosts see the client's address, so there is none of ours to choose."""
    (part,) = compiled(redirect("10.80.0.10 port 25")).relays
    assert (part.kind, part.engine, part.sources) == (Kind.REDIRECT, EngineName.KERNEL, ())
    assert part.title == "redirect SMTP"


def test_transports_ports_and_interfaces_are_parts() -> None:
    """Each has hosts and marks of its own; what listens alike goes together."""
    plan = compiled(
        redirect(
            "10.80.0.10 port 25",
            "10.80.0.2 port 25",
            "10.80.0.10 udp port 25",
            "10.80.0.10 port 6005:6010",
            "10.80.0.10 port 7000:7010",
            "10.80.0.10 port 26 interface eth0",
        )
    )
    places = [[str(end) for end in part.listens] for part in plan.relays]
    assert places == [
        ["10.80.0.10:25", "10.80.0.2:25"],
        ["10.80.0.10:25/udp"],
        ["10.80.0.10:6005-6010", "10.80.0.10:7000-7010"],
        ["10.80.0.10:26"],
    ]
    assert [part.pool.hosts[0].endpoint.port for part in plan.relays] == [25, 25, 0, 26]
    assert [part.interface for part in plan.relays] == ["", "", "", "eth0"]
    marks = [host.mark for part in plan.relays for host in part.pool.hosts]
    assert len({*marks}) == len(marks) == 8


def test_hosts_with_a_port_of_their_own_serve_every_port_of_a_range() -> None:
    """Then a single port and a range are one part."""
    (part,) = compiled(redirect("10.80.0.10 port 25", "10.80.0.10 port 6005:6010", forward="port 2525 check tcp")).relays
    assert {str(host.endpoint) for host in part.pool.hosts} == {"10.90.2.1:2525", "10.90.2.2:2525"}


def test_a_range_is_checked_at_its_first_port() -> None:
    """As relayd does; `check` warns."""
    plan = compiled(redirect("10.80.0.10 port 6005:6010"))
    assert {str(probe.target.endpoint) for probe in plan.probes} == {"10.90.2.1:6005", "10.90.2.2:6005"}


def test_marks_of_udp_and_ranges_are_known_again() -> None:
    """The owner that the kernel's maps give back is the one that was asked for."""
    plan = compiled(redirect("10.80.0.10 udp port 53", "10.80.0.10 port 6005:6010"))
    owners = {MarkOwner(owner.service, Endpoint(owner.endpoint.address, owner.endpoint.port)) for owner in plan.marks}
    assert owners == plan.marks.keys()
    assert {owner.service for owner in owners} == {"SMTP <exchange>", "SMTP <exchange> udp"}
    assert compiled(redirect("10.80.0.10 udp port 53"), marks=dict(plan.marks)).marks == plan.marks


def test_remembered_clients_may_stay_with_hosts_that_take_clients() -> None:
    """Not with one that is down, nor with one of weight 0."""
    (part,) = compiled(redirect("10.80.0.10 port 25", more="sticky-address timeout 4h"), down=("EX1",)).relays
    assert part.sticky == 4 * 3600
    assert [part.pool.hosts[index].label for index in part.pool.taking] == ["EX2"]


def test_explaining_asks_for_transport_port_and_interface() -> None:
    """The host is named with the port that the client asked for."""
    plan = compiled(redirect("10.80.0.10 udp port 53", "10.80.0.10 port 6005:6010 interface eth0", more="sticky-address"))

    def said(port: int, protocol: str = "tcp", interface: str | None = None) -> tuple[str | None, str | None]:
        question = Question(client=ip_address("10.80.1.7"), port=port, protocol=protocol, interface=interface)
        found = explain(plan, question, rankings=Rankings())
        assert (found.relay is None) == ("remembered" not in found.reason)
        return found.rule, None if found.address is None else found.address.partition(":")[2]

    assert said(53, "udp") == ("redirect SMTP", "53/udp")
    assert said(53) == (None, None)
    assert said(6007) == said(6007, interface="eth0") == ("redirect SMTP", "6007")
    assert said(6007, interface="eth1") == said(6011) == (None, None)


def test_what_a_redirect_listens_on_says_its_transport() -> None:
    """So that parts of one name are told apart."""
    udp, tcp = compiled(redirect("10.80.0.10 udp port 53", "10.80.0.10 tcp port 53")).relays
    assert (udp.transport, tcp.transport) == (Transport.UDP, Transport.TCP)
