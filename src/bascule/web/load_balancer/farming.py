"""The wizard's second way: a whole Exchange farm from its version."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import count
from typing import Final

from bascule.config.exchange import Version
from bascule.config.kinds.addresses import DOMAIN_NAME, parsed_address
from bascule.config.kinds.kind import Flaw
from bascule.config.kinds.numbers import PORT
from bascule.config.kinds.texts import NAME, TABLE
from bascule.config.model import Kind
from bascule.exchange.editions import Edition, edition
from bascule.exchange.ports import Ports
from bascule.exchange.service import Wish
from bascule.exchange.wizard.answers import PRIVATE, Answers, Server
from bascule.exchange.wizard.table import Row, rows
from bascule.web.load_balancer.copied import Copied
from bascule.web.load_balancer.single import Answers as Fields
from bascule.web.schema_forms.spelling import label, written

_PORTS: Final = Ports()
_NOTHING: Final = Copied()


def version_of(text: str) -> Version | None:
    """Return the version of a farm; None where a single service is wanted."""
    return next((each for each in Version if each.value == text), None)


def wishes_of(version: Version) -> Sequence[Wish]:
    """Return what a farm of a version may have besides."""
    return tuple(dict.fromkeys(each.wish for each in edition(version).services if each.wish is not Wish.ALWAYS))


def modes_of(version: Version) -> Sequence[tuple[str, str]]:
    """Return how clients may be spread, with labels, the usual way first."""
    return [(mode, label(mode.split()[1])) for mode in edition(version).modes]


def guide_table(version: Version, wishes: AbstractSet[Wish]) -> Sequence[Row]:
    """Return the guide's table for a version: who comes by which protocol and ports, from where."""
    kind: Edition = edition(version)
    services = tuple(each for each in kind.services if each.wish is Wish.ALWAYS or each.wish in wishes)
    return tuple(rows(Answers(version=version, vip=PRIVATE[0][1], servers=(), key=""), kind, services))


def farm_answers(
    version: Version, fields: Mapping[str, str], ticked: AbstractSet[str], wrong: dict[str, str], has: Copied = _NOTHING
) -> Answers | None:
    """Return the answers that were filled in; None where anything is wrong, which `wrong` has by field.

    A server that the text has already is called there as it is.
    """
    vip = parsed_address(fields.get("address", ""))
    servers = _servers(fields, wrong, {host: name for table in has.tables for host, name in table.called})
    if vip is None:
        wrong["address"] = "choose the address that clients connect to"
    wrong |= _words(fields)
    modes = [mode for mode, _ in modes_of(version)]
    ports = {name: _port(name, fields, wrong) for name in ("client_access", "address_book")}
    if wrong or vip is None:
        return None
    return Answers(
        version=version,
        vip=vip,
        servers=servers,
        key=fields.get("key", ""),
        table=fields.get("table", "").strip("<>") or "exchange",
        namespace=fields.get("namespace", ""),
        array_fqdn=fields.get("array_fqdn", ""),
        ad_site=fields.get("ad_site", ""),
        method=Kind.REDIRECT if fields.get("method") == Kind.REDIRECT else Kind.RELAY,
        gateway="gateway" in ticked,
        wishes=frozenset(wish for wish in wishes_of(version) if f"wish-{wish}" in ticked),
        https_affinity="https_affinity" in ticked,
        mode=fields.get("mode", "") if fields.get("mode") in modes else "",
        ports=Ports(**ports),
        zones="zones" in ticked,
    )


def _servers(fields: Mapping[str, str], wrong: dict[str, str], known: Mapping[str, str]) -> tuple[Server, ...]:
    """Return the servers; one that nobody has named gets a name that is free."""
    nodes = [*Fields(fields, wrong).nodes()]
    if strange := [node.host for node in nodes if parsed_address(node.host) is None]:
        wrong["hosts"] = f"a farm's servers are written by their addresses, found {strange[0]}"
        return ()
    names = [node.name or known.get(node.host, "") for node in nodes]
    taken = {name.lower() for name in (*names, *known.values())}
    free = (name for name in (f"EX{number}" for number in count(1)) if name.lower() not in taken)
    return tuple(
        Server(name or next(free), address)
        for name, node in zip(names, nodes, strict=True)
        if (address := parsed_address(node.host)) is not None
    )


def _words(fields: Mapping[str, str]) -> Mapping[str, str]:
    """Return what is not right with words that a farm has in its text, by field."""
    said = {
        "namespace": (DOMAIN_NAME, "write a name with its domain, such as mail.example.com"),
        "array_fqdn": (DOMAIN_NAME, "write a name with its domain, such as outlook.example.com"),
        "ad_site": (NAME, "write it in 63 characters at most, without quotation marks"),
        "table": (TABLE, "write letters, digits, and _ - . between them, such as exchange"),
    }
    return {
        field: words
        for field, (kind, words) in said.items()
        if fields.get(field) and isinstance(written(kind, fields[field]), Flaw)
    }


def _port(name: str, fields: Mapping[str, str], wrong: dict[str, str]) -> int:
    typed = fields.get(name, "")
    word = written(PORT, typed) if typed else str(_PORTS.of(name))
    if isinstance(word, Flaw):
        wrong[name] = word.message
        return 0
    return int(word)
