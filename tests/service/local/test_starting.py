"""What a Bascule that keeps revisions starts with, where the machine or the store refuses something."""

from datetime import UTC, datetime, timedelta

from bascule.config.model import HttpServer
from bascule.service.local.deploying import uncommitted
from bascule.service.local.starting import first, holding
from bascule.store.pending import Pending, Stage
from bed.history import FullDisk, MemoryHistory
from service.local.situations import FACTS, TWO_SERVICES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = f"{TWO_SERVICES}system {{ http-server {{ port 4433 }} }}\n".encode()
BAD = b"load-balancer { relay }\n"


def _history(*texts: bytes, tested: bytes = b"") -> MemoryHistory:
    history = MemoryHistory()
    for text in texts:
        history.commit(text, at=NOW, author="alice", message="")
    if tested:
        until = NOW + timedelta(seconds=60)
        pending = Pending(stage=Stage.TESTING, base=len(texts), text=tested, author="bob", message="", until=until)
        history.keep(pending)
    return history


def test_what_was_committed_and_is_refused_holds_nothing_up() -> None:
    """Nothing is put into effect; what is wrong with the text is said as it is anywhere else."""
    begun = first(_history(GOOD, BAD), FACTS, NOW)
    assert begun.held.startswith("revision 2 cannot be put into effect: revision 2:1:")
    assert (begun.name, begun.configuration.load_balancer.relays) == ("revision 2", ())
    assert begun.configuration.system.http_server == HttpServer(port=4433)


def test_where_nothing_was_ever_right_the_admin_server_is_at_its_default() -> None:
    """Somebody must be able to come and mend it."""
    assert first(_history(BAD), FACTS, NOW).configuration.system.http_server == HttpServer(implied=True)


def test_a_deployment_is_not_said_to_be_taken_back_where_nothing_is() -> None:
    """Neither it nor what was committed may run."""
    begun = first(_history(BAD, tested=BAD), FACTS, NOW)
    assert begun.held
    assert begun.reverted == "the deployment of bob is not gone on with: it is refused on this machine now"
    refused = holding(first(_history(GOOD), FACTS, NOW), "load the rules: no memory")
    assert refused.held == "revision 1 cannot be put into effect: load the rules: no memory"


def test_a_deployment_whose_starts_cannot_be_counted_is_taken_back() -> None:
    """It might be what ends Bascule, again and again."""
    history = FullDisk()
    history.commit(GOOD, at=NOW, author="alice", message="")
    until = NOW + timedelta(seconds=60)
    history.keep(Pending(stage=Stage.TESTING, base=1, text=GOOD, author="bob", message="", until=until))
    assert first(history, FACTS, NOW).name == uncommitted(1)
    history.full = True
    begun = first(history, FACTS, NOW)
    assert (begun.name, begun.held) == ("revision 1", "")
    assert "how often it was begun could not be kept: write bascule.db: database or disk is full" in begun.reverted
