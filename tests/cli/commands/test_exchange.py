import json
from pathlib import Path
from typing import Final

import pytest

from bascule.config.load import load
from bascule.service.affinity import (
    AffinityReport,
    AskAffinity,
    BondRow,
    BondShare,
    ClientService,
    CrowdedAddress,
    FailedHost,
    SplitClient,
)
from bascule.service.deployment import LoadCopy, ShowCopy
from bascule.service.results import CopyText, Loaded
from cli.calling import NOW, PretendedConnection, call

FARM: Final = ("exchange", "wizard", "--version", "2010", "--vip", "10.2.0.50/24", "--hosts", "EX1=10.2.0.11,EX2=10.2.0.12")
TEXT: Final = "# ours\nload-balancer {\n\tworkers 2 # enough\n}\n"


def test_what_is_printed_is_a_configuration() -> None:
    """The table and what is to be done stand in it as comments; the key is new each time."""
    called = call(*FARM)
    assert called.code == 0
    assert called.out.startswith("# Client ")
    assert "\n# Outlook " in called.out
    loaded = load(called.out)
    assert loaded.configuration is not None
    assert len(loaded.configuration.load_balancer.relays) == 8
    assert call(*FARM).out != called.out
    assert call(*FARM, "--key", "7f3a91c2").out == call(*FARM, "--key", "7f3a91c2").out


def test_a_new_file(tmp_path: Path) -> None:
    """It holds the text alone; the table is for the one who asked."""
    file = tmp_path / "farm.conf"
    called = call(*FARM, "--output", str(file))
    assert called.code == 0
    assert called.out.startswith("Client ")
    assert "#" not in file.read_text()
    assert load(file.read_bytes()).configuration is not None


def test_a_file_that_is_there_keeps_what_it_says(tmp_path: Path) -> None:
    """Its comments too; where the farm does not fit, it is as it was."""
    file = tmp_path / "farm.conf"
    file.write_text(TEXT)
    assert call(*FARM, "--output", str(file)).code == 0
    assert file.read_text().startswith(TEXT[:-2])
    kept = file.read_text()
    called = call(*FARM[:-1], "EX9=10.2.0.9", "--method", "redirect", "--output", str(file))
    assert called.code == 1
    assert 'error: relay "HTTPS" stands in the text already' in called.err
    assert file.read_text() == kept


@pytest.mark.parametrize("name", ["missing/farm.conf", "."])
def test_a_file_that_cannot_be(tmp_path: Path, name: str) -> None:
    """The command line is wrong then."""
    assert call(*FARM, "--output", str(tmp_path / name)).code == 2


def test_the_working_copy_gets_it() -> None:
    """In the place of the one that was read, so that no other edit is lost."""
    kept = Loaded(sentence="kept as your working copy")
    connection = PretendedConnection({ShowCopy: CopyText(text=TEXT, base=3, newest=3, at=NOW), LoadCopy: kept})
    called = call(*FARM, "--load", connection=connection)
    assert called.code == 0
    assert called.out.endswith("kept as your working copy\n")
    asked = connection.asked[-1]
    assert isinstance(asked, LoadCopy)
    assert asked.text.startswith(TEXT[:-2].encode())
    assert b'relay "RPCABS"' in asked.text


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (
            ("--admin-port", "443"),
            1,
            "the admin server would be on port 443, which is HTTPS's (give",
        ),
        (("--address-book-port", "443"), 1, "HTTPS and RPCABS would both be on port 443"),
        (("--mode", "roundrobin"), 2, "leave --mode out"),
        (("--inside", "10.2.0.1/16"), 1, "bits set behind its prefix length"),
        (("--namespace", 'a"b'), 1, "expected a name with its domain in quotes"),
    ],
)
def test_mistakes(more: tuple[str, ...], code: int, said: str) -> None:
    """All are told on standard error, with what to do, and nothing is printed."""
    called = call(*FARM, *more)
    assert (called.code, called.out) == (code, "")
    assert said in called.err


def test_an_unknown_version_is_told_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """As every choice of the command line is."""
    with pytest.raises(SystemExit) as ended:
        call("exchange", "wizard", "--version", "2007", "--vip", "10.2.0.50", "--hosts", "10.2.0.11")
    assert ended.value.code == 2
    assert "'2010', '2013', '2016', '2019', 'SE'" in capsys.readouterr().err


REPORT: Final = AffinityReport(
    client="10.1.0.7",
    services=(
        ClientService(
            relay="RPCLS",
            group="outlook",
            to="10.2.0.50",
            port=135,
            host="EX1",
            reason="slot 7 of table <exchange>, first choice EX1",
            failing=(FailedHost(host="EX1", then="EX2"), FailedHost(host="EX2", then="EX1")),
        ),
        ClientService(relay="IMAP", group="", to="10.2.0.50", port=143, host=None, reason="any live host"),
        ClientService(relay="POP3", group="", to="10.2.0.50", port=110, host=None, served=False, reason="no host is up"),
    ),
    bonds=(
        BondRow(
            name="relay IMAPS", relays=("IMAPS",), clients=0, sessions=0, unevenness=0.0, shares=(), split=(), split_total=0
        ),
        BondRow(
            name="affinity group outlook",
            relays=("RPCLS", "RPCCAS"),
            clients=2,
            sessions=4,
            unevenness=1.5,
            shares=(
                BondShare(host="EX1", sessions=3, clients=2, due=0.5),
                BondShare(host="EX2", sessions=1, clients=1, due=0.5),
            ),
            split=(SplitClient(client="10.1.0.9", hosts=("EX1", "EX2"), sessions=2),),
            split_total=3,
        ),
    ),
    split=3,
    sources=(CrowdedAddress(client="10.9.9.9", sessions=1200, hosts=("EX1",)),),
    advice=("do something",),
)


def test_affinity_for_people() -> None:
    """Who has the client, who would, who is split, and who is many."""
    called = call("exchange", "affinity", "10.1.0.7", connection=PretendedConnection({AskAffinity: REPORT}))
    assert called.code == 0
    assert called.out == (
        "10.1.0.7 gets\n"
        "Service  Group    Place               Host    If that fails  Why\n"
        "RPCLS    outlook  10.2.0.50 port 135  EX1     EX2            slot 7 of table <exchange>, first choice EX1\n"
        "IMAP              10.2.0.50 port 143  any                    any live host\n"
        "POP3              10.2.0.50 port 110  nobody                 no host is up\n"
        "\n"
        "relay IMAPS: 0 clients, 0 sessions, 0 split\n"
        "affinity group outlook (RPCLS, RPCCAS): 2 clients, 4 sessions, 3 split, fullest host 1.50 times its due\n"
        "  Host  Clients  Sessions  Share  Due\n"
        "  EX1   2        3         75.0%  50.0%\n"
        "  EX2   1        1         25.0%  50.0%\n"
        "  split: 10.1.0.9 is with EX1 and EX2\n"
        "  and 2 more\n"
        "many behind one address: 10.9.9.9 has 1200 sessions, with EX1\n"
        "advice: do something\n"
    )


def test_affinity_as_json() -> None:
    """Everything, in one object."""
    connection = PretendedConnection({AskAffinity: REPORT})
    said = json.loads(call("exchange", "affinity", "--json", connection=connection).out)
    assert said["bonds"][1]["split"][0]["hosts"] == ["EX1", "EX2"]
    assert said["services"][0]["failing"][0] == {"host": "EX1", "then": "EX2"}
    assert connection.asked == [AskAffinity()]


def test_no_service_ties_anybody() -> None:
    """It is said so."""
    connection = PretendedConnection({AskAffinity: AffinityReport()})
    assert "any of them may serve any session" in call("exchange", "affinity", connection=connection).out
