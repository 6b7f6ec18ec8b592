"""What can be read is what the MIB says, in the words of a client that we did not write."""

import shutil
import subprocess
from pathlib import Path

import pytest

from bascule.herald.snmp.objects import (
    BASCULE,
    HOST_STATUS,
    NOTICES,
    RELAY_STATUS,
    Gauge,
    Name,
    Objects,
    objects,
    trap_objects,
)
from bascule.herald.snmp.wire import Host, Picture, Relay, Table, Trap
from bascule.service.results import HostStatus, RelayStatus

MIBS = Path(__file__).parents[3] / "packaging" / "mibs"
BASICS = {
    "SNMPv2-SMI": "enterprises OBJECT IDENTIFIER ::= { iso 3 6 1 4 1 }",
    "SNMPv2-TC": "",
    "SNMPv2-CONF": "",
    "SNMP-FRAMEWORK-MIB": (
        'SnmpAdminString ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION "text" SYNTAX OCTET STRING (SIZE (0..255))'
    ),
}
"""As much of the IETF's own as ours needs: Debian ships none of them."""

PICTURE = Picture(
    version="0.1.0",
    configuration="revision 3",
    sentence="all is well",
    relays=(
        Relay(number=1, name="HTTPS", status="active", sessions=7),
        Relay(number=5, name="x", status="down", sessions=0),
    ),
    tables=(Table(number=2, name="exchange:443", relay="HTTPS", hosts=2, up=1),),
    hosts=(
        Host(
            number=3,
            name="EX1",
            address="10.2.0.11:443",
            relay="HTTPS",
            table="exchange:443",
            status="maintenance",
            reason="ä" * 200,
            sessions=2**40,
        ),
    ),
)


def walked(found: Objects) -> list[Name]:
    """Return every name, as a client comes by them."""
    names: list[Name] = []
    while (behind := found.after(names[-1] if names else (0,))) is not None:
        names.append(behind[0])
    return names


def test_a_walk_meets_every_name_once_in_order() -> None:
    """A client that walks ends."""
    names = walked(objects(PICTURE, "lb1"))
    assert names == sorted(set(names))
    assert len(names) == 3 + 8 + 2 * 3 + 4 + 7


def test_values_fit_their_types() -> None:
    """Texts of 255 octets at most, cut between letters; numbers of 32 bits."""
    found = objects(PICTURE, "lb1")
    assert found.value((*BASCULE, 1, 4, 1, 7, 3)) == "ä" * 127
    assert found.value((*BASCULE, 1, 4, 1, 8, 3)) == Gauge(2**32 - 1)
    assert found.value((*BASCULE, 1, 4, 1, 6, 3)) == 6
    assert found.value((*BASCULE, 1, 1, 5, 0)) == Gauge(1)
    assert found.value((*BASCULE, 1, 9)) is None


def test_every_state_has_a_number() -> None:
    """Those of the service, each."""
    assert set(HOST_STATUS) == set(HostStatus)
    assert set(RELAY_STATUS) == set(RelayStatus)


@pytest.fixture
def translated(tmp_path: Path) -> dict[str, str]:
    """Return what Net-SNMP reads in the MIB: labels by number, and the line of each label."""
    if shutil.which("snmptranslate") is None:
        pytest.skip("snmptranslate is not here")
    for name, text in BASICS.items():
        (tmp_path / name).write_text(f"{name} DEFINITIONS ::= BEGIN\n{text}\nEND\n")
    command = ["snmptranslate", "-M", f"{tmp_path}:{MIBS}", "-m", "BASCULE-MIB", "-To"]
    environment = {"PATH": "/usr/bin", "SNMP_PERSISTENT_DIR": str(tmp_path)}
    numbers = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    assert "BASCULE-MIB" not in numbers.stderr, numbers.stderr
    shown = {}
    for number in numbers.stdout.split():
        asked = [*command[:-1], "-Td", number]
        if number.startswith("." + ".".join(map(str, BASCULE))):
            told = subprocess.run(asked, check=True, capture_output=True, text=True, env=environment).stdout
            shown[number] = told
    return shown


def test_the_mib_is_read_by_net_snmp_and_names_all_there_is(translated: dict[str, str]) -> None:
    """Each object that is answered, no other that can be read, the traps, and the states with their numbers."""
    readable = {number for number, told in translated.items() if "MAX-ACCESS\tread-only" in told}
    ours = {name for name in walked(objects(PICTURE, "lb1")) if name[: len(BASCULE)] == BASCULE}
    assert {"." + ".".join(map(str, name[:-1])) for name in ours} == readable
    told = {".".join(map(str, name[:-1])) for name, _ in trap_objects(Trap(about="host"))}
    notify = {number[1:] for number, text in translated.items() if "accessible-for-notify" in text}
    assert told == notify
    traps = {number[1:] for number, text in translated.items() if "NOTIFICATION-TYPE" in text}
    assert {".".join(map(str, name)) for name in NOTICES.values()} == traps
    statuses = {
        "." + ".".join(map(str, (*BASCULE, 1, 4, 1, 6))): HOST_STATUS,
        "." + ".".join(map(str, (*BASCULE, 1, 2, 1, 3))): RELAY_STATUS,
    }
    for number, words in statuses.items():
        assert ", ".join(f"{word}({place})" for place, word in enumerate(words, 1)) in translated[number]
