import json
from datetime import timedelta

from bascule.service.exchange_health import (
    CertificateRow,
    ExchangeHealth,
    ExchangeServerRow,
    ShowExchange,
    VdirRow,
    VdirState,
)
from cli.calling import NOW, PretendedConnection, call


def server(host: str, oab: VdirState, *, status: str = "up", days: float = 90.5) -> ExchangeServerRow:
    """Return a server of which the address book may be ill."""
    return ExchangeServerRow(
        table="exchange",
        port=443,
        host=host,
        address="10.2.0.11",
        status=status,
        reason="" if status == "up" else "oab: HTTP 404",
        checked=True,
        vdirs=(VdirRow(vdir="owa", state=VdirState.WELL), VdirRow(vdir="oab", state=oab, words="HTTP 404")),
        certificate=CertificateRow(fingerprint="ab" * 32, until=NOW + timedelta(days=days)),
        warnings=("oab: HTTP 404",) if oab is VdirState.WARNED else (),
        advice="" if oab is VdirState.WELL else f"`Get-ServerComponentState {host}` tells",
    )


FARM = ExchangeHealth(
    servers=(
        server("EX1", VdirState.WELL),
        server("EX2", VdirState.WARNED),
        server("EX3", VdirState.ILL, status="down", days=-2),
    )
)


def show(answer: ExchangeHealth, *options: str) -> list[str]:
    """Return the lines that are printed."""
    return call("show", "exchange", *options, connection=PretendedConnection({ShowExchange: answer})).out.splitlines()


def test_the_picture_has_a_column_for_each_server() -> None:
    """Virtual directories down, servers across, and below them what is wrong with whom."""
    shown = show(FARM)
    assert [line.split() for line in shown[:5]] == [
        ["<exchange>", "port", "443", "EX1", "EX2", "EX3"],
        ["owa", "well", "well", "well"],
        ["oab", "well", "warned", "ill"],
        ["server", "up", "up", "down"],
        ["certificate", "abababab,", "90", "days", "abababab,", "90", "days", "abababab,", "expired"],
    ]
    assert shown[5:] == [
        "EX2: oab: HTTP 404",
        "EX2: `Get-ServerComponentState EX2` tells",
        "EX3: oab: HTTP 404",
        "EX3: `Get-ServerComponentState EX3` tells",
    ]


def test_each_check_of_a_port_has_a_picture() -> None:
    """Two relays may ask the same servers for different pages."""
    shown = show(ExchangeHealth(servers=(*FARM.servers, *FARM.servers)))
    assert len(shown) == 2 * len(show(FARM))
    assert shown[: len(shown) // 2] == show(FARM)


def test_json_has_a_server_a_line() -> None:
    """Scripts read these names."""
    rows = [json.loads(line) for line in show(FARM, "--json")]
    assert [row["host"] for row in rows] == ["EX1", "EX2", "EX3"]
    assert rows[1]["vdirs"][1] == {"vdir": "oab", "state": "warned", "words": "HTTP 404"}


def test_a_farm_without_such_checks_is_said_so() -> None:
    """Nothing is asked where no table has the check."""
    assert show(ExchangeHealth()) == ["no table is checked by `check exchange`"]
