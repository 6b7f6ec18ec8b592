"""Files of address tables are read line by line, and a line that is wrong is named."""

from ipaddress import ip_network

import pytest

from bascule.config.facts import TableFile
from bascule.config.table_files import LONGEST_FILE, MOST_LINES, files_of, parsed
from plan.situations import configured

LIST = b"# bad people\n192.0.2.1\n\n198.51.100.0/24   # a network\r\n\t2001:db8::/32\n"


def test_comments_and_blanks_are_left_out() -> None:
    """Addresses are networks of one; both IP versions may stand in a file, with the line ends of any system."""
    networks = ("192.0.2.1/32", "198.51.100.0/24", "2001:db8::/32")
    assert parsed(LIST) == TableFile(networks=tuple(map(ip_network, networks)))
    assert parsed(b"") == parsed(b"# nothing\n") == TableFile()
    assert parsed(b"192.0.2.1") == TableFile(networks=(ip_network("192.0.2.1/32"),))


@pytest.mark.parametrize(
    ("line", "words", "hint"),
    [
        (b"192.0.2.256", "expected an address, or a network", ""),
        (b"192.0.2.1/24", "has bits set behind its prefix length", "the network is 192.0.2.0/24"),
        (b"192.0.2.0/255.255.255.0", "expected a network", ""),
        (b"192.0.2.1 192.0.2.2", "expected an address, or a network", ""),
        (b"mail.example.com", "expected an address, or a network", ""),
        (b"fe80::1%eth0", "expected an address, or a network", ""),
        (b"::ffff:192.0.2.1", "IPv4 addresses in IPv6 clothes", "write them as IPv4 does"),
        (b"\xff\x00\x1b[2J", "expected an address, or a network", ""),
        (b"1" * 300, "longer than 256 bytes", ""),
        (b"192.0.2.1 #" + b"x" * 300, "longer than 256 bytes", ""),
    ],
)
def test_the_first_line_that_is_wrong_is_named(line: bytes, words: str, hint: str) -> None:
    """With what a text would hear for it, and nothing that a terminal obeys; the rest is read all the same."""
    found = parsed(b"192.0.2.1\n" * 511 + line + b"\nno address\n198.51.100.1\n")
    assert (found.line, len(found.networks)) == (512, 512)
    assert (words in found.fault, found.hint) == (True, hint)
    assert found.fault.isprintable()


def test_what_is_no_list_is_not_shown() -> None:
    """A path may name a file of secrets, and whoever writes it may not read them."""
    assert parsed(b"root:$6$secret:19000::").fault == "expected an address, or a network such as 10.2.0.0/16"


def test_there_are_bounds() -> None:
    """As many lines as may be are read; a file beyond them is none at all."""
    assert parsed(b"\n" * MOST_LINES) == TableFile()
    assert "1000000 lines" in parsed(b"\n" * MOST_LINES + b"#").fault
    assert "16 MiB" in parsed(b"#" * (LONGEST_FILE + 1)).fault


def test_a_configuration_names_files() -> None:
    """Those of all its tables; a text without a firewall names none."""
    one = configured('firewall {\n table <a> { file "/a"; file "/b" }\n table <b> { file "/a" }\n}\n')
    assert files_of(one, configured(""), None) == {"/a", "/b"}
    assert files_of() == frozenset()
