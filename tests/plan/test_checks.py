from ipaddress import ip_interface

import pytest

from bascule.config.diagnose import diagnose
from bascule.config.facts import Facts, InterfaceFacts
from bascule.config.load import load
from bascule.config.vdirs import ExchangeCheck, Vdir
from bascule.plan.compile import Situation, compile_plan
from bascule.service.local.rows import check_words

FACTS = Facts(interfaces=(InterfaceFacts(name="eth0", addresses=(ip_interface("10.80.0.2/16"),)),))


def text(check: str, *, table: str = "", block: str = 'exchange { version 2016; namespace "mail.example.com" }') -> str:
    """Return a configuration with one relay that is checked so."""
    return f"""
{block}
load-balancer {{
	table <exchange> {{
		10.80.2.1 name "EX1"
		10.80.2.2
		{table}
	}}
	relay "HTTPS" {{ listen on 10.80.0.2 port 443; forward to <exchange> {check} }}
}}
"""


def asked(written: str) -> list[ExchangeCheck]:
    """Return what is asked of each host."""
    loaded = load(written)
    assert loaded.configuration is not None, loaded.diagnostics
    plan = compile_plan(loaded.configuration, Situation(facts=FACTS))
    return [check for probe in plan.probes if isinstance(check := probe.target.check, ExchangeCheck)]


@pytest.mark.parametrize(
    ("check", "table", "required"),
    [
        ("", "", "owa mapi oab"),
        ("require owa mapi", "", "owa mapi"),
        ("warn oab", "", "owa mapi"),
        ("require owa warn oab", "", "owa"),
        ("", "require mapi", "mapi"),
        ("", "warn oab owa", "mapi"),
        ("warn mapi", "require mapi", "owa oab"),
        ("", "require ews", "owa mapi oab"),
        ("warn owa mapi oab", "", ""),
    ],
)
def test_the_nearest_policy_counts(check: str, table: str, required: str) -> None:
    """What stands after the check wins over the table's; without either, each is required."""
    first, _ = asked(text(f'check exchange "owa mapi oab" {check}', table=table))
    assert " ".join(first.required) == required
    assert (first.vdirs, first.warned) == ((Vdir.OWA, Vdir.MAPI, Vdir.OAB), ())


def test_namespace_and_name_are_those_of_the_text() -> None:
    """A host without a name is not compared; `host` after the check wins over the namespace."""
    first, second = asked(text('check exchange "owa"'))
    assert (first.host, first.server, second.server) == ("mail.example.com", "EX1", "")
    assert asked(text('check exchange "owa" host "other.example.com"'))[0].host == "other.example.com"
    assert check_words(first) == 'check exchange "owa"'


def test_what_a_policy_names_is_asked_for() -> None:
    """To require what is not asked would never take anything out."""
    assert asked(text('check exchange "owa" require mapi'))[0].vdirs == (Vdir.OWA, Vdir.MAPI)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (text('check exchange "owa" require owa warn owa'), "owa cannot be both required and warned of"),
        (text('check exchange "owa"', table="require owa\nwarn owa"), "owa cannot be both required and warned of"),
        (text('check exchange "owa"', block=""), "no name to ask the health pages by"),
        (text('check exchange "owa"', block="exchange { version 2010 }"), "Exchange 2010 has no health pages"),
        (
            text('check https "/owa/healthcheck.htm" code 200', block="exchange { version 2010 }"),
            "Exchange 2010 has no health",
        ),
        (text('check rpc "emsmdb"', block="exchange { version 2019 }"), "Exchange 2019 registers no RPC service"),
        (text('check exchange "owa ecp"', table="warn owa ecp oab"), "no virtual directory takes a host out"),
    ],
)
def test_what_cannot_be_meant_is_said(written: str, message: str) -> None:
    """Contradictions are errors; what would have every host fail is warned of."""
    loaded = load(written)
    assert loaded.configuration is not None, loaded.diagnostics
    assert any(message in found.message for found in diagnose(loaded.configuration, FACTS))


@pytest.mark.parametrize(("check", "hint"), [('"owa exp"', "did you mean `ecp`?"), ('""', ""), ("owa", ""), ('" "', "")])
def test_what_is_no_vdir_is_refused(check: str, hint: str) -> None:
    """The nearest name is offered."""
    loaded = load(text(f"check exchange {check}"))
    assert loaded.configuration is None
    assert any(hint in found.hint for found in loaded.diagnostics)
