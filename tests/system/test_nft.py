"""What the program `nft` says is handed on, in its own words where it objects."""

import json
from collections.abc import Mapping, Sequence

import pytest

from bascule.system.commands import Finished
from bascule.system.errors import MachineError
from bascule.system.nft import NftProgram

ERROR = "/dev/stdin:3:1-59: Error: Could not process rule: File exists\nadd element inet bascule m { 0 : 1 }\n^^^^^^^\n"
GONE = "Error: No such file or directory\nlist table inet bascule\n"


class Program:
    """Answers as `nft` would, by the words that follow the program's name."""

    def __init__(self, answers: Mapping[str, Finished]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str]] = []

    async def run(self, argv: Sequence[str], text: str = "") -> Finished:
        """Note the question, and answer."""
        program, *words = argv
        assert program == "nft"
        self.asked.append((" ".join(words), text))
        return self.answers[" ".join(words)]


def listed(*entries: object) -> Finished:
    """Return a listing in JSON."""
    return Finished(0, json.dumps({"nftables": [{"metainfo": {}}, *entries]}), "")


async def test_a_script_is_one_transaction_through_standard_input() -> None:
    """No file is written, and no command but one is run."""
    program = Program({"-f -": Finished(0, "", "")})
    await NftProgram(program).load("add table inet bascule\n")
    assert program.asked == [("-f -", "add table inet bascule\n")]


async def test_an_objection_is_told_in_its_own_words() -> None:
    """The line that says what is wrong, without the echo of the script."""
    with pytest.raises(MachineError) as caught:
        await NftProgram(Program({"-f -": Finished(1, "", ERROR)})).load("x\n")
    assert (caught.value.step, caught.value.cause) == ("load the rules", ERROR.splitlines()[0])


@pytest.mark.parametrize(
    ("finished", "objection"),
    [
        (Finished(0, "", ""), ""),
        (Finished(0, "", "a warning\n"), ""),
        (Finished(1, "", ERROR), ERROR.splitlines()[0]),
        (Finished(1, "", "something else\n"), "something else"),
        (Finished(-11, "", ""), "exit code -11"),
    ],
)
async def test_a_rehearsal_returns_what_is_wrong(finished: Finished, objection: str) -> None:
    """Empty where it would load, also with a warning."""
    assert await NftProgram(Program({"-c -f -": finished})).rehearse("x\n") == objection


async def test_a_table_is_listed_in_both_ways() -> None:
    """As text without elements, for the rules, which is cut from the whole ruleset; as JSON, for the elements."""
    whole = "table inet other {\n\tchain c {\n\t}\n}\ntable inet bascule {\n}\ntable inet bascule_keep {\n}\n"
    program = Program(
        {
            "-t list ruleset inet": Finished(0, whole, ""),
            "-j list table inet bascule": listed({"set": {"name": "s"}}),
        }
    )
    listing = await NftProgram(program).table("inet", "bascule")
    assert listing is not None
    assert listing.rules == "table inet bascule {\n}\n"
    assert {"set": {"name": "s"}} in listing.objects


async def test_a_table_that_is_not_there() -> None:
    """Is none, and no error; any other failure is one."""
    other = Finished(0, "table inet bascule_keep {\n}\n", "")
    assert await NftProgram(Program({"-t list ruleset inet": other})).table("inet", "bascule") is None
    denied = Finished(1, "", "Operation not permitted\n")
    program = Program({"-t list ruleset inet": denied, "-t list table inet bascule": denied})
    with pytest.raises(MachineError, match="read the rules: Operation not permitted"):
        await NftProgram(program).table("inet", "bascule")


async def test_a_table_of_somebody_else_that_nft_cannot_list() -> None:
    """Ours is listed alone then, slower where it is large; and its counters likewise."""
    crashed = Finished(-11, "", "")
    program = Program(
        {
            "-t list ruleset inet": crashed,
            "-t list table inet bascule": Finished(0, "table inet bascule {\n}\n", ""),
            "-j list table inet bascule": listed(),
            "-j -t list ruleset inet": crashed,
            "-j list counters table inet bascule": listed({"counter": {"table": "bascule", "name": "n", "packets": 7}}),
        }
    )
    listing = await NftProgram(program).table("inet", "bascule")
    assert listing is not None
    assert listing.rules == "table inet bascule {\n}\n"
    assert await NftProgram(program).counters("inet", "bascule") == {"n": 7}
    gone = Program({**program.answers, "-t list table inet bascule": Finished(1, "", GONE)})
    assert await NftProgram(gone).table("inet", "bascule") is None


async def test_counters_of_one_table() -> None:
    """Those of another are not among them; where there is no such table, that is an error."""
    whole = listed(
        {"table": {"name": "bascule"}},
        {"counter": {"table": "bascule", "name": "n", "packets": 7}},
        {"counter": {"table": "other", "name": "m", "packets": 8}},
    )
    program = Program({"-j -t list ruleset inet": whole})
    assert await NftProgram(program).counters("inet", "bascule") == {"n": 7}
    with pytest.raises(MachineError, match="read the rules: table gone is not there"):
        await NftProgram(program).counters("inet", "gone")


async def test_one_map_by_its_name() -> None:
    """With its elements; one that is not there is an error that says so."""
    question = "-j list map inet bascule m"
    found = {"name": "m", "elem": [[0, 1]]}
    assert await NftProgram(Program({question: listed({"map": found})})).named("map", "inet", "bascule", "m") == found
    for answer in (listed(), Finished(1, "", GONE)):
        with pytest.raises(MachineError, match="read the rules: "):
            await NftProgram(Program({question: answer})).named("map", "inet", "bascule", "m")


@pytest.mark.parametrize(
    ("chains", "foreign"),
    [
        ([], False),
        ([{"table": "bascule_keep", "type": "nat"}], False),
        ([{"table": "bascule_keep", "type": "nat"}, {"table": "docker", "type": "filter"}, {"table": "docker"}], False),
        ([{"table": "bascule_keep", "type": "nat"}, {"table": "docker", "type": "nat"}], True),
    ],
)
async def test_whether_others_translate(chains: list[dict[str, str]], foreign: bool) -> None:  # noqa: FBT001 - an expectation
    """Only nat chains count, and only those of other tables."""
    program = Program({"-j list chains": listed(*({"chain": chain} for chain in chains))})
    assert await NftProgram(program).foreign_nat("bascule_keep") is foreign
