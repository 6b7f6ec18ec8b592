"""Values for random configurations that fit together: names are new or known, ports are free, addresses exist in the bed.

A kind that is not named here gets whatever of `PIECES`, and of the bounds in its own description, it accepts.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, Final

from bascule.config.kinds.kind import Flaw, Kind
from bascule.config.lexer import Token, tokenize
from bascule.config.schema.clause import Clause, Value

OURS: Final = ("10.80.0.10", "10.80.0.11", "fd80::10", "fd80::11")
"""Virtual addresses of eth0."""
HOSTS: Final = tuple(f"{network}{n}" for n in range(1, 7) for network in ("10.90.2.", "fd90::2:"))
PIECES: Final = (
    '"/var/log/bascule/access.log"',
    *("0", "1", "2", "50", "600", "1500", "100ms", "1s", "3s", "5s", "90s", "40m", "2h", "10/s", "1000/s", "200-299,401"),
    *("7f3a91c2", "00000001", "lb1.example.com", '"mail.example.com"', "nothing", "any", "owa", "oab", "mapi"),
    *(
        '"emsmdb"',
        '"12345778-1234-ABCD-EF00-0123456789AC v0.0"',
        '"owa ecp"',
        '"x"',
        '"220*"',
        '"/owa/healthcheck.htm"',
        '"Grüße, <Welt>; {y}"',
        r'"a \"b\" \\ \r\n"',
        '""',
    ),
    '"uid={name},ou=people,dc=example,dc=com"',
    *("10.80.0.1", "fd80::1", "10.70.0.0/16", "fd70::/64", "80", "443", "8000:8080"),
    *('"/etc/ssl/ca.pem"', '"bascule@example.com"', '"https://hooks.example.com/T0?key=a"', "22:00", "6:30"),
)
_NAMES: Final = (
    "HTTPS",
    "Outlook 2010",
    "Grüße, <Welt>; {x}",
    "counter packets 5 bytes 7",
    "a_4",
    "#",
    "* $x @y !",
    "x" * 63,
)
_BOUND: Final = re.compile(r"[0-9]+(?:ms|s|m|h)?")


def accepted(kind: Kind[Any]) -> Sequence[str]:
    """Return texts that a kind takes. Raises LookupError where none is known."""
    found = [text for text in (*_BOUND.findall(kind.what), *PIECES) if _takes(kind, text)]
    if not found:
        raise LookupError(f"no sample is {kind.what}: add one to PIECES")
    return found


def _takes(kind: Kind[Any], text: str) -> bool:
    tokens: list[Token] = list(tokenize(text, lambda _: None))
    return not isinstance(kind.read(tokens[0]), Flaw)


class Samples:
    """The values of one text."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._numbers = count(1)
        self._ports = count(1000, 10)
        self._tables = ["kept"]
        self._address_tables = ["none"]
        self._zones = ["inside"]
        self._names = chance.sample(_NAMES, len(_NAMES))
        self._by_place: Mapping[tuple[str, str], Callable[[], str]] = {
            ("address", "address"): self._new_address,
            ("table", "table"): self._new_table,
            ("table", "address table"): self._new_address_table,
            ("overload", "address table"): lambda: f"<{chance.choice(self._address_tables)}>",
            ("zone", "zone"): self._new_zone,
            ("relay", "name"): self._new_name,
            ("redirect", "name"): self._new_name,
            ("name", "name"): lambda: f'"EX{next(self._numbers)}"',
            ("user", "user"): lambda: f'"user {next(self._numbers)}"',
            ("ADDRESS|NAME", "host"): lambda: chance.choice(HOSTS),
            ("server", "host"): lambda: f"log{next(self._numbers)}.example.com",
            ("trap to", "host"): lambda: f"10.90.3.{next(self._numbers) % 256}",
            ("login", "login"): lambda: f'"teller {next(self._numbers)}"',
            ("affinity", "group"): lambda: chance.choice(('"a"', '"a b"')),
            ("source", "source"): lambda: chance.choice((*OURS, "10.80.0.10-10.80.0.11", "fd80::10-fd80::11")),
        }
        self._by_kind: Mapping[str, Callable[[], str]] = {
            "ADDRESS": lambda: chance.choice(OURS),
            "INTERFACE": lambda: chance.choice(("eth0", "eth1", f"dummy{next(self._numbers)}")),
            "PORT": lambda: str(next(self._ports)),
            "PORT[:PORT]": self._new_ports,
            "<TABLE>": lambda: f"<{chance.choice(self._tables)}>",
            "ADDRESS|NETWORK": self._new_entry,
            "ZONE": lambda: chance.choice(self._zones),
            "ADDRESS|NETWORK|ZONE|<TABLE>|any": self._end,
        }

    def draw(self, clause: Clause, value: Value[Any]) -> str:
        """Return a value of a clause, as a text writes it. Raises LookupError where nothing of its kind is known."""
        special = self._by_place.get((clause.title, value.name)) or self._by_kind.get(value.kind.name)
        return self._chance.choice(accepted(value.kind)) if special is None else special()

    def _new_address(self) -> str:
        number = 100 + next(self._numbers)
        return self._chance.choice((f"10.80.0.{number}/16", f"fd80::{number}/64"))

    def _new_table(self) -> str:
        self._tables.append(f"table-{next(self._numbers)}")
        return f"<{self._tables[-1]}>"

    def _new_address_table(self) -> str:
        self._address_tables.append(f"addresses-{next(self._numbers)}")
        return f"<{self._address_tables[-1]}>"

    def _new_entry(self) -> str:
        number = next(self._numbers)
        return self._chance.choice((f"198.51.{number % 256}.{number // 256}", f"2001:db8:{number:x}::/48"))

    def _new_zone(self) -> str:
        self._zones.append(f"zone{next(self._numbers)}")
        return self._zones[-1]

    def _new_name(self) -> str:
        return f'"{self._names.pop() if self._names else next(self._numbers)}"'

    def _new_ports(self) -> str:
        first = next(self._ports)
        return self._chance.choice((f"{first}", f"{first}:{first + 9}"))

    def _end(self) -> str:
        return self._chance.choice(
            (
                "any",
                "10.80.1.1",
                "fd70::/64",
                self._chance.choice(self._zones),
                f"<{self._chance.choice(self._address_tables)}>",
            )
        )
