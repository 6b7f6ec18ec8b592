"""Tests of what a page shows of Exchange."""

from datetime import UTC, datetime, timedelta

from bascule.service.affinity import AffinityReport, BondRow, SplitClient
from bascule.service.exchange_health import CertificateRow, ExchangeServerRow, VdirRow, VdirState
from bascule.web.network.exchange import MOST_SHOWN, bonds, mailboxes, pictures

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def server(host: str, *, days: float = 90.5, oab: VdirState = VdirState.WELL, port: int = 443) -> ExchangeServerRow:
    """Return a server of which the address book may be ill."""
    words = "" if oab is VdirState.WELL else "HTTP 404"
    return ExchangeServerRow(
        table="exchange",
        port=port,
        host=host,
        address=f"10.2.0.{host[2:]}",
        status="down" if oab is VdirState.ILL else "up",
        reason="oab: HTTP 404" if oab is VdirState.ILL else "",
        checked=True,
        vdirs=(VdirRow(vdir="owa", state=VdirState.WELL), VdirRow(vdir="oab", state=oab, words=words)),
        certificate=CertificateRow(fingerprint="ab" * 32, until=NOW + timedelta(days=days), names=("mail.example.com",)),
        warnings=("the certificate expires soon",) if days < MOST_SHOWN else (),
    )


def test_a_picture_has_a_column_for_each_server() -> None:
    """What a cell says is not said again below."""
    (seen,) = pictures([server("EX1"), server("EX2", oab=VdirState.ILL, days=10), server("EX3", days=-2)], NOW)
    assert [(vdir, [cell.state for cell in cells]) for vdir, cells in seen.vdirs] == [
        ("owa", ["well", "well", "well"]),
        ("oab", ["well", "ill", "well"]),
    ]
    assert seen.vdirs[1][1][1].words == "HTTP 404"
    assert [each.state for each in seen.certificates if each] == ["ok", "expires soon", "expired"]
    assert [each.days for each in seen.certificates if each] == [90, 10, -2]
    warned = ("the certificate expires soon",)
    assert seen.said == (("EX2", warned), ("EX3", warned))
    again = pictures([server("EX2", days=10), server("EX2", days=10, port=444)], NOW)
    assert [each.said for each in again] == [(("EX2", warned),), ()]


def test_each_check_has_a_picture_of_its_own() -> None:
    """Of other ports, and of another check at the same port."""
    seen = pictures([server("EX1"), server("EX1"), server("EX2"), server("EX1", port=444)], NOW)
    hosts = [(each.port, [row.host for row in each.servers]) for each in seen]
    assert hosts == [(443, ["EX1", "EX2"]), (443, ["EX1"]), (444, ["EX1"])]


def test_a_server_that_shows_nothing_has_dashes() -> None:
    """And is said not to have been checked."""
    bare = ExchangeServerRow(table="exchange", port=443, host="EX2", address="10.2.0.2", status="unknown")
    (seen,) = pictures([server("EX1"), bare], NOW)
    assert [cells[1].state for _, cells in seen.vdirs] == ["", ""]
    assert seen.certificates[1] is None
    assert seen.said == (("EX2", ("not checked yet",)),)


def test_what_is_said_of_test_mailboxes() -> None:
    """Nothing else is."""
    said = "host EX2 (10.80.2.2:143): the test mailbox probe cannot log in: NO"
    assert mailboxes(["host EX1 is slow", said]) == [said]


def test_bonds_tell_how_many_are_split_besides() -> None:
    """A name that has the only member in it does not say it twice."""
    split = tuple(SplitClient(client=f"10.1.0.{n}", hosts=("EX1", "EX2"), sessions=2) for n in range(40))
    row = BondRow(
        name='affinity "outlook"', relays=("A", "B"), clients=90, sessions=180, unevenness=1.7, split=split, split_total=70
    )
    alone = BondRow(name="relay HTTPS", relays=("HTTPS",), clients=0, sessions=0, unevenness=9.0)
    first, second = bonds(AffinityReport(bonds=(row, alone)))
    assert (first.members, first.uneven, first.more) == (("A", "B"), True, 70 - MOST_SHOWN)
    assert (second.members, second.uneven, second.more) == ((), False, 0)
