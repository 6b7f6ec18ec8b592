"""Forms of the `system` block change what they say, and nothing else."""

import pytest

from bascule.config.model import KeyFiles
from bascule.web.settings import (
    DNS,
    NTP,
    Listing,
    Server,
    lines_change,
    lines_of,
    name_change,
    server_change,
    server_of,
    system_of,
)

TEXT = """system {
	# ours
	host-name lb1
	dns {
		10.2.0.5  # the first
		10.2.0.6
	}
	http-server { port 4433 }
}
load-balancer { rellay }
"""
SERVER = Server(port="4433", listen="", certificate=None)


@pytest.mark.parametrize("text", ["", TEXT])
def test_what_is_so_already_changes_nothing(text: str) -> None:
    """Not a letter of the text, also where nothing is written; mistakes elsewhere are in nobody's way."""
    server, system = server_of(text), system_of(text)
    same = Server(port=str(server.port), listen="", certificate=None)
    assert server_change(text, same)(text).text == text
    assert name_change(text, system.host_name)(text).text == text
    for listing in (DNS, NTP):
        assert lines_change(text, listing, lines_of(text, listing))(text).text == text


@pytest.mark.parametrize(
    "wanted",
    [
        Server(port="4434", listen="", certificate=None),
        Server(port="443", listen="10.2.0.50", certificate=None),
        Server(port="4433", listen="fd00::5", certificate=KeyFiles("/a b.pem", "/k.pem")),
    ],
)
@pytest.mark.parametrize("text", ["", TEXT])
def test_the_admin_server_is_where_the_form_says_and_back_again(text: str, wanted: Server) -> None:
    """From whatever it was before."""
    moved = server_change(text, wanted)(text)
    found = server_of(moved.text)
    assert (str(found.port), str(found.address or ""), found.certificate) == (
        wanted.port,
        wanted.listen,
        wanted.certificate,
    )
    back = server_change(moved.text, SERVER)(moved.text)
    assert server_of(back.text) == server_of(TEXT)
    assert ("# ours" in back.text) == ("# ours" in text)


@pytest.mark.parametrize(
    ("servers", "comments"),
    [
        (["10.2.0.5", "10.2.0.6", "10.2.0.7"], 1),
        (["10.2.0.5"], 1),
        (["10.2.0.5", "10.2.0.7"], 1),
        (["10.2.0.7", "10.2.0.5"], 0),
        ([], 0),
    ],
)
def test_name_servers_are_asked_in_the_order_of_the_form(servers: list[str], comments: int) -> None:
    """Comments of those that keep their place stay."""
    after = lines_change(TEXT, DNS, servers)(TEXT).text
    assert [str(each) for each in system_of(after).dns] == servers
    assert after.count("# the first") == comments


def test_what_is_no_address_is_refused() -> None:
    """With the reason, and the text as it was."""
    edited = lines_change(TEXT, DNS, ["10.2.0.5", "not an address"])(TEXT)
    assert (edited.text, bool(edited.diagnostics)) == (TEXT, True)


def test_a_name_comes_and_goes() -> None:
    """Empty is as the machine has it."""
    assert system_of(name_change(TEXT, "lb2")(TEXT).text).host_name == "lb2"
    assert "host-name" not in name_change(TEXT, "")(TEXT).text


@pytest.mark.parametrize("text", ["", TEXT])
@pytest.mark.parametrize(
    ("listing", "lines"),
    [
        (NTP, ["10.2.0.7", "ntp.example.com"]),
        (Listing("syslog", "server"), ["10.2.0.9 transport tls port 6514", "log.example.com warnings-only"]),
        (Listing("metrics", "from"), ["10.2.0.0/16", "fd00::/8"]),
    ],
)
def test_lists_are_as_they_are_written(text: str, listing: Listing, lines: list[str]) -> None:
    """They come, lose an option, change their order, and go."""
    for wanted in (lines, [lines[0].partition(" ")[0], lines[1]], lines[::-1], []):
        edited = lines_change(text, listing, wanted)(text)
        assert (edited.diagnostics, lines_of(edited.text, listing)) == ((), wanted)
        text = edited.text
