"""A whole Exchange farm from what was filled in."""

import pytest

from bascule.config.exchange import Version
from bascule.config.load import load
from bascule.exchange.wizard.farm import farm
from bascule.web.load_balancer.copied import copied
from bascule.web.load_balancer.farming import farm_answers, guide_table, modes_of

FIELDS = {"address": "10.2.0.50", "hosts": "10.2.0.11 EX1\n10.2.0.12", "key": "7f3a91c2", "method": "relay"}


@pytest.mark.parametrize("version", Version)
def test_two_answers_are_a_farm(version: Version) -> None:
    """Of every version; who has no name is called by number."""
    wrong: dict[str, str] = {}
    answers = farm_answers(version, FIELDS, set(), wrong)
    assert answers is not None, wrong
    assert [server.name for server in answers.servers] == ["EX1", "EX2"]
    made = farm(answers, "")
    assert not made.diagnostics
    assert load(made.text).configuration is not None


def test_exchange_2010_has_one_way_to_spread_clients_and_the_guides_table() -> None:
    """Later versions have theirs, the usual one first."""
    assert modes_of(Version.E2010) == [("mode source-hash", "Source hash")]
    assert [words for _, words in modes_of(Version.SE)] == ["Least states", "Round robin"]
    table = guide_table(Version.E2010, frozenset())
    assert ("Outlook", "135, 59532, 59533") in [(row.client, row.ports) for row in table]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("address", "", "choose the address"),
        ("hosts", "ex1.example.com", "by their addresses, found ex1.example.com"),
        ("hosts", "10.2.0.11 A\n10.2.0.12 A", "another host is called A"),
        ("client_access", "70000", "from 1 to 65535"),
        ("namespace", "mail example", "such as mail.example.com"),
        ("array_fqdn", 'a"b', "such as outlook.example.com"),
        ("ad_site", 'Vienna "A"', "without quotation marks"),
        ("table", "ex change", "such as exchange"),
    ],
)
def test_what_is_wrong_is_said_beside_its_question(field: str, value: str, said: str) -> None:
    """Before any farm is made of it."""
    wrong: dict[str, str] = {}
    assert farm_answers(Version.E2010, {**FIELDS, field: value}, set(), wrong) is None
    assert said in wrong[field]


def test_servers_are_called_as_the_text_calls_them() -> None:
    """And others by names that nobody has."""
    has = copied(
        'load-balancer {\n\ttable <exchange> { 10.2.0.12 name "Mail two" weight 2; 10.2.0.13; 10.2.0.15 name "ex2" }\n}\n'
    )
    fields = {**FIELDS, "hosts": "10.2.0.11\n10.2.0.12\n10.2.0.13 EX1\n10.2.0.14", "table": "<exchange>"}
    answers = farm_answers(Version.SE, fields, set(), {}, has)
    assert answers is not None
    assert [server.name for server in answers.servers] == ["EX3", "Mail two", "EX1", "EX4"]
    assert answers.table == "exchange"
