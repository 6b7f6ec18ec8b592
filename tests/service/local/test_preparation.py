"""A text is refused with everything that is wrong with it, or becomes a plan."""

from collections.abc import Collection
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from bascule.config.diagnostics import Severity
from bascule.config.facts import Facts, TableFile
from bascule.config.names import NOTHING_TO_ASK, Questions
from bascule.service.failures import OperationFailed, Rejected
from bascule.service.local.preparation import Use, judge, judge_here, rehearsal_plan
from bascule.system.table_files import read_table_files
from service.local.situations import FACTS, TWO_SERVICES


def test_a_good_text_is_accepted() -> None:
    """Nothing wrong, nothing said."""
    assert judge(TWO_SERVICES.encode(), FACTS).accepted().load_balancer.relays[0].name == "HTTPS"


def test_errors_of_text_and_of_the_whole_come_in_the_texts_order() -> None:
    """What the parser finds in line 2 stands before what the whole has in line 15."""
    text = "nonsense\n" + TWO_SERVICES.replace("port 143", "port 443")
    diagnostics = judge(text.encode(), FACTS).diagnostics
    assert [diagnostic.span.line for diagnostic in diagnostics] == sorted(d.span.line for d in diagnostics)


def test_a_refused_text_raises_with_every_diagnostic() -> None:
    """The one who asked gets all of them, not the first."""
    judged = judge(TWO_SERVICES.replace("source-hash", "sorcery").encode(), FACTS)
    with pytest.raises(OperationFailed) as failed:
        judged.accepted()
    assert isinstance(failed.value.failure, Rejected)
    assert len(failed.value.failure.diagnostics) == 2


def test_bytes_that_are_no_text_are_a_diagnostic() -> None:
    """A file in another encoding is refused by its line, not by a traceback."""
    judged = judge(b'interface eth0 {\n\tdescription "\xff"\n}\n', FACTS)
    assert judged.configuration is None
    assert judged.diagnostics[0].span.line == 2


def test_the_rehearsal_has_every_host_in_the_slots() -> None:
    """Offline every host counts as up."""
    plan = rehearsal_plan(judge(TWO_SERVICES.encode(), FACTS).accepted(), FACTS)
    assert all(set(relay.pool.slots) == {0, 1} for relay in plan.relays)


def test_a_text_has_an_admin_server_where_it_is_deployed() -> None:
    """In whose way nothing may be; what was deployed before that was so makes way, and goes on."""
    alone = judge(TWO_SERVICES.encode(), FACTS).accepted()
    assert alone.system.http_server is None
    deployed = judge(TWO_SERVICES.encode(), FACTS, Use.DEPLOYED)
    assert deployed.configuration is None
    assert [found.hint for found in deployed.diagnostics] == ["write `http-server { port 4433 }` in the `system` block"]
    committed = judge(TWO_SERVICES.encode(), FACTS, Use.COMMITTED).accepted().system.http_server
    assert committed is not None
    assert committed.port == 443


class Looked:
    """A machine whose files are the real ones."""

    async def facts(self, _: str | None = None, __: Questions = NOTHING_TO_ASK, files: Collection[str] = ()) -> Facts:
        """Return its facts."""
        return replace(FACTS, table_files=read_table_files(files))


async def test_the_files_that_a_text_names_are_read(tmp_path: Path) -> None:
    """And no others; what they hold is of the facts by which a text becomes a plan."""
    for name in ("list", "other"):
        (tmp_path / name).write_text("192.0.2.1\n")
    text = BLOCKED.replace("/etc/blocked", str(tmp_path / "list"))
    judged, facts = await judge_here(text.encode(), Looked())
    assert judged.diagnostics == ()
    assert facts.table_files == {str(tmp_path / "list"): TableFile(networks=(ip_network("192.0.2.1/32"),))}


BLOCKED = 'firewall {\n\tzone internal { from 10.80.0.0/16 }\n\ttable <blocked> { file "/etc/blocked" }\n}\n'


def test_a_bad_line_of_a_table_file_refuses_a_text_and_not_what_was_committed() -> None:
    """It names file and line; a machine that starts with a damaged list has the rest of its firewall all the same."""
    networks = (ip_network("192.0.2.1/32"),)
    damaged = replace(FACTS, table_files={"/etc/blocked": TableFile(networks=networks, line=512, fault="nonsense")})
    for use in (Use.ALONE, Use.DEPLOYED):
        refused = judge(BLOCKED.encode(), damaged, use)
        (found,) = refused.diagnostics
        assert (refused.configuration, found.severity, found.span.line) == (None, Severity.ERROR, 3)
        assert found.message == "line 512 of /etc/blocked: nonsense"
    committed = judge(BLOCKED.encode(), damaged, Use.COMMITTED)
    assert committed.configuration is not None
    (found,) = committed.diagnostics
    assert (found.severity, found.message) == (
        Severity.WARNING,
        "it goes without what is wrong: line 512 of /etc/blocked: nonsense",
    )
