import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bascule.config.model import (
    HttpCheck,
    IcmpCheck,
    MailCheck,
    MailProtocol,
    ScriptCheck,
    SendCheck,
    TcpCheck,
    Timing,
    TlsCheck,
)
from bascule.health import wire
from bascule.health.outcome import Outcome
from bascule.plan.model import Endpoint, Probe, ProbeTarget
from bascule.system.channel import ChannelError, Decoder, encode

addresses = st.ip_addresses()
ranges = st.lists(st.tuples(st.integers(100, 999), st.integers(100, 999)), max_size=3).map(tuple)
checks = st.one_of(
    st.builds(IcmpCheck),
    st.builds(TcpCheck),
    st.builds(TlsCheck),
    st.builds(HttpCheck, tls=st.booleans(), path=st.text(), host=st.text(), codes=ranges, expect=st.text()),
    st.builds(SendCheck, send=st.text(), expect=st.text(), tls=st.booleans()),
    st.builds(MailCheck, protocol=st.sampled_from(MailProtocol), tls=st.booleans()),
    st.builds(ScriptCheck, program=st.text()),
)
targets = st.builds(
    ProbeTarget,
    endpoint=st.builds(Endpoint, addresses, st.integers(0, 65535)),
    check=checks,
    timing=st.builds(Timing, interval=st.floats(0.1, 3600), fall=st.integers(1, 9)),
)
probes = st.builds(Probe, target=targets, source=st.none() | addresses)


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
