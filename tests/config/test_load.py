"""Loading as its callers see it: the guide's own texts, mistakes near their place, and nothing that ever raises."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_interface
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bascule.config.diagnose import diagnose
from bascule.config.diagnostics import Severity
from bascule.config.facts import Facts, InterfaceFacts
from bascule.config.lexer import Token, TokenKind, tokenize
from bascule.config.load import MOST_DIAGNOSTICS, Loaded, load
from bascule.config.model import InterfaceAddress, Mode, TcpCheck

CORPUS: Final = Path(__file__).parents[1] / "corpus" / "config"
GUIDE: Final = (CORPUS / "guide.conf").read_text()
LAB: Final = (CORPUS / "guide-lab.conf").read_text()


def machine(*addresses: str) -> Facts:
    """Return a machine with one interface, eth0."""
    held: tuple[InterfaceAddress, ...] = tuple(ip_interface(address) for address in addresses)
    return Facts(interfaces=(InterfaceFacts(name="eth0", addresses=held),))


def test_guide_loads_with_exactly_these_warnings() -> None:
    """The guide's configuration loads, and what it lacks is said in five warnings."""
    loaded = load(GUIDE)
    assert loaded.configuration is not None
    assert not loaded.diagnostics
    said = diagnose(loaded.configuration, machine("10.80.0.2/16"))
    assert [(one.severity, one.span.line, one.message) for one in said] == [
        (Severity.WARNING, 1, "interface vic0 does not exist here"),
        (Severity.WARNING, 2, "route default names no gateway"),
        (Severity.WARNING, 5, "table <exchange> has no hosts"),
        (Severity.WARNING, 42, 'the password of user "admin" is plain and equals the name'),
        (Severity.WARNING, 45, "dns is empty"),
    ]


def test_a_list_of_readers_that_is_empty_is_doubtful() -> None:
    """Nobody could read figures."""
    loaded = load("system { metrics { } }")
    assert loaded.configuration is not None
    (said,) = diagnose(loaded.configuration, machine("10.80.0.2/16"))
    assert (said.severity, said.message) == (Severity.WARNING, "metrics is empty")


def test_guide_for_the_lab_loads_without_a_warning() -> None:
    """With hosts, addresses, a key and a role nothing is left to say."""
    loaded = load(LAB)
    assert loaded.configuration is not None
    assert not loaded.diagnostics
    assert diagnose(loaded.configuration, machine("10.80.0.2/16")) == ()


def test_guide_for_the_lab_means_what_it_says() -> None:
    """Eight relays on one address and one table, all by source-hash, with session timeouts by port."""
    configuration = load(LAB.encode()).configuration
    assert configuration is not None
    balancer = configuration.load_balancer
    (table,) = balancer.tables
    assert [(host.label, str(host.address)) for host in table.hosts] == [
        ("EX1", "10.80.2.1"),
        ("EX2", "10.80.2.2"),
        ("EX3", "10.80.2.3"),
    ]
    assert (table.key, table.key_written) == (0x7F3A91C2, True)
    assert [(relay.name, relay.listens[0].port, relay.session_timeout) for relay in balancer.relays] == [
        ("HTTPS", 443, 2400),
        ("POP3", 110, 2100),
        ("POP3S", 995, 2100),
        ("IMAP", 143, 2100),
        ("IMAPS", 993, 2100),
        ("RPCLS", 135, 7200),
        ("RPCCAS", 59532, 7200),
        ("RPCABS", 59533, 7200),
    ]
    for relay in balancer.relays:
        assert relay.listens[0].address == ip_address("10.80.0.10")
        assert (relay.forward.table, relay.forward.mode, relay.forward.check) == ("exchange", Mode.SOURCE_HASH, TcpCheck())
    (interface,) = configuration.interfaces
    assert [(str(line.address), line.virtual) for line in interface.addresses] == [
        ("10.80.0.2/16", False),
        ("10.80.0.10/16", True),
    ]
    assert configuration.system.dns == (ip_address("10.80.0.1"),)


def test_spans_point_at_the_text() -> None:
    """What is bound knows the line it came from, so that others can name it."""
    configuration = load(LAB).configuration
    assert configuration is not None
    lines = LAB.splitlines()
    for relay in configuration.load_balancer.relays:
        line = lines[relay.span.line - 1]
        assert line[relay.span.column - 1 :][: relay.span.length] == f'relay "{relay.name}"'
    for host in configuration.load_balancer.tables[0].hosts:
        assert lines[host.span.line - 1].strip().startswith(str(host.address))


# --- a token deleted, doubled, swapped -------------------------------------------------------------------------------


def edits(text: str) -> Iterator[tuple[str, str, range]]:
    """Yield every edit of one token: what was done, the text, and the lines within one of it."""
    tokens = [token for token in tokenize(text, lambda _: None) if token.kind is not TokenKind.END]

    def spelt(texts: list[str]) -> str:
        return "".join(token.before + one for token, one in zip(tokens, texts, strict=True))

    def near(first: Token, last: Token) -> range:
        return range(first.line - 1, last.line + 2)

    texts = [token.text for token in tokens]
    for index, token in enumerate(tokens):
        where = f"{token.line}:{token.column} {token.text!r}"
        yield f"delete {where}", spelt([*texts[:index], "", *texts[index + 1 :]]), near(token, token)
        yield (
            f"double {where}",
            spelt([*texts[:index], f"{token.text} {token.text}", *texts[index + 1 :]]),
            near(token, token),
        )
        for step in (1, 2):  # the neighbour, and the one behind it where the neighbour is the end of the line
            if index + step < len(tokens):
                swapped = [*texts]
                swapped[index], swapped[index + step] = swapped[index + step], swapped[index]
                yield f"swap by {step} {where}", spelt(swapped), near(token, tokens[index + step])


@pytest.mark.parametrize("text", [GUIDE, LAB], ids=["guide", "lab"])
def test_an_edit_of_one_token_loads_or_is_reported_beside_it(text: str) -> None:
    """Whatever token is deleted, doubled or swapped: the text loads, or an error stands within one line of the edit."""
    missed = []
    for name, edited, near in edits(text):
        loaded = load(edited)
        if loaded.configuration is None and not any(one.span.line in near for one in loaded.diagnostics):
            missed.append((name, [one.render() for one in loaded.diagnostics]))
    assert not missed


def test_a_brace_that_is_missing_spoils_nothing_else() -> None:
    """A brace deleted from a text with usual indentation is told at its place: the rest is read as it was meant."""
    lines = GUIDE.splitlines()
    for number, line in enumerate(lines):
        if line.strip() == "}":
            said = load("\n".join([*lines[:number], *lines[number + 1 :]])).diagnostics
            assert [("was never closed" in one.message) for one in said] == [True], f"without line {number + 1}: {said}"
        elif line.endswith(" {"):
            said = load("\n".join([*lines[:number], line[:-2], *lines[number + 1 :]])).diagnostics
            assert said[0].span.line == number + 1, f"without the brace of line {number + 1}: {said}"
            assert all(one.span.line <= number + 2 for one in said), f"without the brace of line {number + 1}: {said}"


# --- anything at all -------------------------------------------------------------------------------------------------


def judged(loaded: Loaded) -> None:
    """Fail where a loaded configuration comes with an error, or none comes without."""
    refused = any(one.severity is Severity.ERROR for one in loaded.diagnostics)
    assert refused is (loaded.configuration is None)


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_bytes_never_raise(text: bytes) -> None:
    """Any bytes load or are refused with a diagnostic."""
    judged(load(text))


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([*GUIDE.split(), *LAB.split(), "\n", ";", "#", '"', "<", "\x00", "redirect", "on"]), max_size=60
    )
)
def test_words_in_any_order_never_raise(words: list[str]) -> None:
    """The guide's words in any order load or are refused, and what loads can be judged."""
    loaded = load(" ".join(words))
    judged(loaded)
    if loaded.configuration is not None:
        diagnose(loaded.configuration, machine("10.80.0.2/16"))


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (b"system {\n\thost-name b\xfccher\n}\n", (2, 13), "0xfc is not UTF-8"),
        ("system { }\n".encode("utf-16"), (1, 1), "0xff is not UTF-8"),
        (b"system {\r\n\thost-nam lb1\r\n}\r\n", (2, 2), "`host-nam`"),
        (b"system {\n\thost-name lb1\x00\n}\n", (2, 15), "control character U+0000"),
        (b"system { }\n\xef\xbb\xbf", (2, 1), "byte order mark"),
    ],
)
def test_strange_files_are_told_apart(text: bytes, place: tuple[int, int], words: str) -> None:
    """A file in another encoding, with other line ends or with a NUL is refused at its place."""
    loaded = load(text)
    assert loaded.configuration is None
    first = loaded.diagnostics[0]
    assert (first.span.line, first.span.column) == place
    assert words in first.message


def test_editors_of_other_systems_are_welcome() -> None:
    """A byte order mark at the start, carriage returns and tabs change nothing."""
    assert load(b"\xef\xbb\xbf" + LAB.replace("\n", "\r\n").encode()).configuration == load(LAB).configuration


def test_diagnostics_are_bounded() -> None:
    """A text of mistakes gives as many as a person reads, and the number of the others."""
    said = load("nonsense\n" * 1000).diagnostics
    assert len(said) == MOST_DIAGNOSTICS + 1
    assert said[-1].message == "and 900 more from here on"


def test_a_password_is_never_shown() -> None:
    """Neither a diagnostic nor the repr of a configuration holds a password."""
    text = 'system { authentication { user "admin" { password "hunter2"; role king } } }'
    assert "hunter2" not in "".join(one.render() for one in load(text).diagnostics)
    loaded = load(text.replace("king", "viewer"))
    assert loaded.configuration is not None
    assert "hunter2" not in repr(loaded)
    assert "hunter2" not in "".join(one.render() for one in diagnose(loaded.configuration, Facts()))
    for wrong in ('user "admin" { password hunter2 }', 'user "admin" { password "x" "hunter2" }', '"hunter2" { }'):
        said = load(f"system {{ authentication {{ {wrong} }} }}").diagnostics
        assert said
        assert "hunter2" not in "".join(one.render() for one in said)
