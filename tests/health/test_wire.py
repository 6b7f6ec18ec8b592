from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bascule.config.model import (
    HttpCheck,
    IcmpCheck,
    MailCheck,
    MailProtocol,
    RpcCheck,
    RpcPorts,
    ScriptCheck,
    SendCheck,
    TcpCheck,
    Timing,
    TlsCheck,
)
from bascule.config.names import Questions
from bascule.config.vdirs import ExchangeCheck, Vdir
from bascule.health import wire
from bascule.health.names.answer import Answer
from bascule.health.outcome import Outcome
from bascule.plan.model import Endpoint, Probe, ProbeTarget
from bascule.system.channel import ChannelError, Decoder, encode

addresses = st.ip_addresses()
ranges = st.lists(st.tuples(st.integers(100, 999), st.integers(100, 999)), max_size=3).map(tuple)
vdirs = st.lists(st.sampled_from(Vdir), unique=True).map(tuple)
checks = st.one_of(
    st.builds(IcmpCheck),
    st.builds(TcpCheck),
    st.builds(TlsCheck),
    st.builds(HttpCheck, tls=st.booleans(), path=st.text(), host=st.text(), codes=ranges, expect=st.text()),
    st.builds(SendCheck, send=st.text(), expect=st.text(), tls=st.booleans()),
    st.builds(
        MailCheck,
        protocol=st.sampled_from(MailProtocol),
        tls=st.booleans(),
        starttls=st.booleans(),
        user=st.text(),
        password=st.text(),
    ),
    st.builds(
        RpcCheck,
        service=st.sampled_from(["", "emsmdb"]),
        port=st.none() | st.integers(1, 65535),
        ports=st.lists(st.builds(RpcPorts, st.text(), st.integers(0, 65535), st.integers(0, 65535)), max_size=3).map(tuple),
    ),
    st.builds(ScriptCheck, program=st.text()),
    st.builds(ExchangeCheck, vdirs=vdirs, host=st.text(), required=vdirs, warned=vdirs, server=st.text()),
)
targets = st.builds(
    ProbeTarget,
    endpoint=st.builds(Endpoint, addresses, st.integers(0, 65535)),
    check=checks,
    timing=st.builds(Timing, interval=st.floats(0.1, 3600), fall=st.integers(1, 9)),
    ttl=st.none() | st.integers(1, 255),
)
probes = st.builds(Probe, target=targets, source=st.none() | addresses)


names = st.from_regex(r"[a-z]{1,9}\.example", fullmatch=True)
told = st.none() | st.frozensets(st.ip_addresses(v=4), max_size=4)
told6 = st.none() | st.frozensets(st.ip_addresses(v=6), max_size=4)


@given(st.builds(Questions, servers=st.lists(addresses, max_size=3).map(tuple), names=st.frozensets(names, max_size=4)))
def test_questions_travel_unchanged(questions: Questions) -> None:
    """The prober asks whom and what the parent meant."""
    (came,) = Decoder[wire.Order](wire.Order).feed(encode(wire.names(questions)))
    assert isinstance(came, wire.SetNames)
    assert wire.questions(came) == questions


@given(st.builds(Answer, name=names, v4=told, v6=told6, failure=st.just("") | st.just("no answer")))
def test_answers_travel_unchanged(answer: Answer) -> None:
    """What name servers said comes as it was."""
    (came,) = Decoder[wire.Report](wire.Report).feed(encode(wire.resolved(answer)))
    assert isinstance(came, wire.Resolved)
    assert wire.answer(came) == answer


def test_a_prober_that_strangers_own_tells_addresses_alone() -> None:
    """What is no address of its family is left out, and nothing that a terminal obeys is shown."""
    said = wire.Resolved(
        name="a.example", v4=("10.0.0.1", "fd00::1", "x"), v6=("10.0.0.1", "fe80::1%eth0"), failure="\x1b[2J"
    )
    answer = wire.answer(said)
    assert (answer.v4, answer.v6) == (frozenset({ip_address("10.0.0.1")}), frozenset())
    assert answer.failure == "?[2J"
    with pytest.raises(ChannelError):
        list(Decoder[wire.Report](wire.Report).feed(encode(structs.replace(said, v4=("10.0.0.1",) * 65))))


@given(st.lists(probes, max_size=5))
def test_probes_travel_unchanged(ordered: list[Probe]) -> None:
    """What the prober decodes equals what the parent meant, so that it knows which targets stayed."""
    message = wire.SetProbes(probes=tuple(wire.order(number, probe) for number, probe in enumerate(ordered)))
    decoder: Decoder[wire.Order] = Decoder(wire.Order)
    (received,) = decoder.feed(encode(message))
    assert isinstance(received, wire.SetProbes)
    assert [wire.probe(each) for each in received.probes] == ordered


def test_results_travel_unchanged() -> None:
    """The parent reads the outcome that the prober had."""
    outcome = Outcome(up=False, reason="HTTP 503 instead of 200", seconds=0.25, ours=False)
    decoder: Decoder[wire.Probed] = Decoder(wire.Probed)
    (received,) = decoder.feed(encode(wire.probed(7, outcome)))
    assert (received.number, wire.outcome(received)) == (7, outcome)


def test_a_prober_that_a_host_got_hold_of_reaches_no_terminal() -> None:
    """What a result says is shown printable and short, and a time that is none is refused."""
    result = wire.Probed(number=7, up=False, reason="\x1b[2J\nforged" + "x" * 5000, seconds=0.1, ours=False)
    reason = wire.outcome(result).reason
    assert reason.startswith("?[2J?forged")
    assert len(reason) == wire.MAXIMUM_REASON
    for seconds in (float("nan"), float("inf"), -1.0):
        decoder: Decoder[wire.Probed] = Decoder(wire.Probed)
        with pytest.raises(ChannelError, match="not a message"):
            list(decoder.feed(encode(structs.replace(result, seconds=seconds))))


def test_a_result_is_no_order() -> None:
    """Neither side takes the other's messages."""
    decoder: Decoder[wire.Order] = Decoder(wire.Order)
    with pytest.raises(ChannelError, match="not a message"):
        list(decoder.feed(encode(wire.probed(1, Outcome(up=True, reason="", seconds=0)))))


def test_no_password_is_shown_where_an_order_is() -> None:
    """What the prober may log or show of an order has no secret in it."""
    check = MailCheck(protocol=MailProtocol.IMAP, tls=True, user="probe", password="s3cret")
    target = ProbeTarget(endpoint=Endpoint(ip_address("10.0.0.1"), 993), check=check, timing=Timing())
    ordered = wire.order(1, Probe(target=target))
    assert wire.probe(ordered).target.check == check
    for shown in (ordered, wire.SetProbes(probes=(ordered,)), target, check, wire.probe(ordered)):
        assert "s3cret" not in f"{shown!r} {shown}"


def test_a_password_that_the_text_has_not_is_put_into_the_order() -> None:
    """The plan has its label; whoever keeps the password is asked when the prober is told."""
    check = MailCheck(protocol=MailProtocol.IMAP, tls=True, user="probe", password="<set 0000000a>")
    probe = Probe(target=ProbeTarget(endpoint=Endpoint(ip_address("10.0.0.1"), 993), check=check, timing=Timing()))
    ordered = wire.order(1, probe, {"0000000a": "login probe\ns3cret"}.__getitem__)
    assert ordered.check == wire.MailCheck(
        protocol=MailProtocol.IMAP, tls=True, starttls=False, user="probe", password="s3cret"
    )
