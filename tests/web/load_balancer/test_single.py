"""One service from the guide's four answers."""

import pytest

from bascule.config.load import load
from bascule.config.model import Kind, Mode
from bascule.web.load_balancer.conflicts import conflicts, moved
from bascule.web.load_balancer.single import Answers, Node, Single, put_single

FIELDS = {
    "method": "relay",
    "name": "HTTPS",
    "address": "10.2.0.50",
    "service": "HTTPS",
    "hosts": "10.2.0.11\n10.2.0.12 EX2\n",
    "mode": "source-hash",
    "key": "7f3a91c2",
}


def wanted(**fields: str) -> Single:
    """Return what is wanted, from answers that are right."""
    read = Answers({**FIELDS, **fields})
    single = read.single()
    assert single is not None, read.wrong
    return single


def test_the_guides_answers_make_the_guides_relay() -> None:
    """With a table of its own, whose key is written down."""
    made = put_single("", wanted())
    assert made.text == (
        "load-balancer {\n"
        "\ttable <exchange> {\n"
        "\t\t10.2.0.11\n"
        '\t\t10.2.0.12 name "EX2"\n'
        "\t\tkey 7f3a91c2\n"
        "\t}\n"
        '\trelay "HTTPS" {\n'
        "\t\tlisten on 10.2.0.50 port 443\n"
        "\t\tforward to <exchange> check tcp mode source-hash\n"
        "\t}\n"
        "}\n"
    )
    assert load(made.text).configuration is not None


def test_the_same_hosts_are_the_same_table() -> None:
    """In whatever order they are written; others get a table of another name."""
    first = put_single("# ours\n", wanted()).text
    second = put_single(first, wanted(name="POP3", service="POP3", hosts="10.2.0.12\n10.2.0.11"))
    assert (second.table, second.reused) == ("exchange", True)
    third = put_single(second.text, wanted(name="Web mail", address="10.2.0.51", hosts="10.2.0.13"))
    assert (third.table, third.reused) == ("web-mail", False)
    loaded = load(third.text).configuration
    assert loaded is not None
    assert [each.name for each in loaded.load_balancer.relays] == ["HTTPS", "POP3", "Web mail"]
    assert third.text.startswith("# ours\n")


def test_layer_three_with_least_states_remembers_clients() -> None:
    """As the guide has it for redirects."""
    made = put_single(
        "", wanted(method="redirect", mode="least-states", sticky="4h", service="other", ports="25, 6005:59530")
    )
    loaded = load(made.text).configuration
    assert loaded is not None
    redirect = loaded.load_balancer.relays[0]
    assert (redirect.kind, redirect.forward.mode, redirect.sticky) == (Kind.REDIRECT, Mode.LEAST_STATES, 14400)
    assert [listen.port for listen in redirect.listens] == [25, 6005]


def test_hosts_may_be_written_either_way_round() -> None:
    """Addresses, whole names, IPv6 and names of people's own."""
    read = Answers({"hosts": "EX1 10.2.0.11\n\n  2001:db8::11   the new one \nex3.example.com\n"})
    assert [*read.nodes()] == [Node("10.2.0.11", "EX1"), Node("2001:db8::11", "the new one"), Node("ex3.example.com")]
    assert not read.wrong


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "give it a name"),
        ("name", 'a"b', "quotation mark"),
        ("address", "10.2.0.50; disable", "expected"),
        ("hosts", "", "at least one"),
        ("hosts", "10.2.0.11\n10.2.0.300", "line 2"),
        ("hosts", "10.2.0.11\n10.2.0.11", "twice"),
        ("hosts", "10.2.0.11 EX1\n10.2.0.12 ex1", "line 2: another host is called ex1"),
        ("hosts", "10.2.0.50", "is the address to listen on"),
        ("hosts", "10.2.0.11 } x", ""),
        ("hosts", "\n".join(f"10.3.{n // 250}.{n % 250 + 1}" for n in range(300)), "more than 256"),
        ("service", "FTP", "choose"),
        ("sticky", "soon", "expected a time"),
        ("key", "} x", "not one of ours"),
    ],
)
def test_what_is_wrong_is_said_beside_its_question(field: str, value: str, said: str) -> None:
    """And nothing that is typed leaves its place in the text."""
    read = Answers({**FIELDS, field: value})
    single = read.single()
    if said:
        assert single is None
        assert said in " ".join(read.wrong.values())
    else:
        assert single is not None
        assert load(put_single("", single).text).configuration is not None


@pytest.mark.parametrize("ports", ["", "https", "0", "70000", "6005:59530:1", "1 " * 20 + " ".join(map(str, range(2, 30)))])
def test_ports_that_are_none_are_asked_for_again(ports: str) -> None:
    """Also too many."""
    read = Answers({**FIELDS, "service": "other", "ports": ports})
    assert read.single() is None
    assert read.wrong.keys() == {"ports"}


ADMIN = "system {\n\thttp-server { port 4433 }\n}\n"


@pytest.mark.parametrize(
    ("text", "fields", "said"),
    [
        (ADMIN, {}, []),
        ("", {}, ["these pages are on port 443 of every address"]),
        ("system {\n\thttp-server { port 443; listen on 10.2.0.10 }\n}\n", {}, []),
        (ADMIN, {"service": "other", "ports": "4000:5000"}, ["these pages are on port 4433"]),
        (ADMIN.replace("port 4433", "prot 4433"), {}, []),
    ],
)
def test_the_admin_server_is_in_the_way_where_it_is(text: str, fields: dict[str, str], said: list[str]) -> None:
    """Where the text has none of its own it is at 443; what cannot be read is in nobody's way."""
    found = conflicts(text, wanted(**fields))
    assert len(found) == len(said)
    assert all(words in each.message for words, each in zip(said, found, strict=True))
    assert all(each.path == "/system/administration" for each in found)


def test_the_pages_may_make_way() -> None:
    """To the guide's port, unless that is what somebody wants."""
    (found,) = conflicts("", wanted())
    assert found.movable
    text = moved("# ours\n")
    assert text.startswith("# ours\n")
    assert not conflicts(text, wanted())
    assert not conflicts(moved("system {\n\thttp-server { port 443 }\n}\n"), wanted())
    assert [each.movable for each in conflicts("", wanted(service="other", ports="443, 4000:5000"))] == [False]


def test_nobody_is_sent_where_he_is() -> None:
    """The port to move to is not proposed to pages that have it."""
    there = conflicts(ADMIN, wanted(service="other", ports="4433"))
    assert [each.hint for each in (*conflicts("", wanted()), *there)] == [
        "Change the HTTPS port to something like 4433, or bind it to another address, under",
        "Change the HTTPS port, or bind it to another address, under",
    ]


def test_other_services_are_in_the_way_by_name_and_by_place() -> None:
    """Elsewhere the same port is free."""
    text = put_single(ADMIN, wanted()).text
    (both,) = conflicts(text, wanted())
    assert (both.message, both.page) == ('relay "HTTPS" is in the text already', "Edit HTTPS")
    assert both.path == "/network/load-balancer/edit?kind=relay&name=HTTPS"
    assert len(conflicts(text, wanted(name="OWA"))) == 1
    assert len(conflicts(text, wanted(name="OWA", address=""))) == 1
    assert not conflicts(text, wanted(name="OWA", address="10.2.0.51"))
