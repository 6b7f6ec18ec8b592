"""A round is counted by client: who met whom, what failed, who moved."""

from ipaddress import IPv4Address

from bascule.cli.demo.scenery import SERVICES
from bascule.cli.demo.traffic import Round, Visit, visit

ONE, TWO = IPv4Address("127.0.0.101"), IPv4Address("127.0.0.102")
BEFORE = Round(
    (
        Visit(client=ONE, relay="HTTPS", server="EX1"),
        Visit(client=ONE, relay="IMAP", server="EX1"),
        Visit(client=TWO, relay="HTTPS", server="EX2"),
        Visit(client=TWO, relay="IMAP", failure="refused"),
    )
)


def test_what_failed_is_not_split() -> None:
    """A failed connection is a failure; split is who met two servers."""
    assert [str(failed) for failed in BEFORE.failed] == ["127.0.0.102 on IMAP: refused"]
    assert BEFORE.split == frozenset()
    assert BEFORE.clients_of("EX2") == {TWO}


def test_moved_is_who_met_another_server_on_any_service() -> None:
    """One service is enough; a failure is no move."""
    after = Round(
        (
            Visit(client=ONE, relay="HTTPS", server="EX1"),
            Visit(client=ONE, relay="IMAP", server="EX3"),
            Visit(client=TWO, relay="HTTPS", failure="refused"),
        )
    )
    assert after.moved(BEFORE) == {ONE}
    assert after.split == {ONE}


async def test_a_refused_connection_is_a_failure_not_an_error() -> None:
    """A visit to nobody says why."""
    tried = await visit(ONE, SERVICES[1], 1)
    assert tried.server == ""
    assert "refused" in tried.failure.lower()
