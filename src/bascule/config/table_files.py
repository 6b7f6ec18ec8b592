"""Files of address tables: which ones a configuration names, and what their bytes mean. Pure."""

import re
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Final

from bascule.config.facts import TableFile
from bascule.config.kinds.addresses import ADDRESS_OR_NETWORK, parsed_address, within_ipv4
from bascule.config.kinds.kind import Flaw
from bascule.config.lexer import Token, TokenKind
from bascule.config.model import Configuration, Network

MOST_LINES: Final = 1_000_000
LONGEST_FILE: Final = 16 * 1024 * 1024
"""Bytes."""
LONGEST_LINE: Final = 256
"""Bytes."""

_PLAIN: Final = re.compile(r"[0-9A-Fa-f:.]+(/[0-9]{1,3})?")


def files_of(*configurations: Configuration | None) -> frozenset[str]:
    """Return the files that the address tables of some configurations name."""
    walls = (each.firewall for each in configurations if each is not None)
    return frozenset(file for wall in walls if wall is not None for table in wall.tables for file in table.files)


def parsed(content: bytes) -> TableFile:
    """Return what a file holds: everything that could be read, and the first line that could not."""
    if len(content) > LONGEST_FILE:
        return TableFile(fault=f"it is longer than {LONGEST_FILE // 1024 // 1024} MiB")
    lines = content.split(b"\n", MOST_LINES)
    if len(lines) > MOST_LINES and lines.pop():
        return TableFile(fault=f"it has more than {MOST_LINES} lines")
    networks: list[Network] = []
    wrong: list[tuple[int, Flaw]] = []
    for number, entry in _entries(lines):
        found = _network(entry)
        if not isinstance(found, Flaw):
            networks.append(found)
        elif not wrong:
            wrong.append((number, found))
    line, flaw = wrong[0] if wrong else (0, Flaw(""))
    return TableFile(networks=tuple(networks), line=line, fault=flaw.message, hint=flaw.hint)


def _entries(lines: list[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield what stands in lines, counted from 1, without comments and blanks."""
    for number, line in enumerate(lines, start=1):
        entry = line.partition(b"#")[0].strip() if b"#" in line else line.strip()
        if entry:
            yield number, line if len(line) > LONGEST_LINE else entry


def _network(entry: bytes) -> Network | Flaw:
    if len(entry) > LONGEST_LINE:
        return Flaw(f"the line is longer than {LONGEST_LINE} bytes")
    text = entry.decode(errors="replace")
    if _PLAIN.fullmatch(text):
        try:
            network = ip_network(text)
        except ValueError:
            pass  # which the language explains below
        else:
            if not within_ipv4(network):
                return network
    if parsed_address(text.partition("/")[0]) is None:
        return Flaw(f"expected {ADDRESS_OR_NETWORK.what}")  # without what is there: it may be anybody's file
    return ADDRESS_OR_NETWORK.read(Token(TokenKind.WORD, text, 1, 1))
