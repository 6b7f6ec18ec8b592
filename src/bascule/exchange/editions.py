"""Exchange's versions: their services in the guide's order, how clients are spread over servers, and what to know."""

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from bascule.config.exchange import Version
from bascule.exchange.evidence import Evidence, Note
from bascule.exchange.mail import HTTP, MAIL, SMTP, SUBMISSION, THIRD_PARTY, imap, pop3
from bascule.exchange.service import Affinity, Client, SecurityZone, Service, Wish
from bascule.exchange.virtual_directories import VIRTUAL_DIRECTORIES, WATCHED

_LEARN: Final = "Microsoft Learn, Load balancing in Exchange Server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One version, as a balancer sees it."""

    version: Version
    services: tuple[Service, ...]
    """In the order in which a text has them."""
    clients: tuple[Client, ...]
    """In the order in which a table has them."""
    modes: tuple[str, ...]
    """How clients may be spread, as the language writes it, the usual one first."""
    notes: tuple[Note, ...]


_OUTLOOK: Final = Client(name="Outlook", zone=SecurityZone.INTERNAL, remark="only")
_WEB_2010: Final = Client(name="OWA, ActiveSync, Outlook Anywhere, EWS", zone=SecurityZone.EXTERNAL)
_WEB: Final = Client(name="Outlook, OWA, ActiveSync, EWS", zone=SecurityZone.EXTERNAL)


def _rpc(relay: str, port: str, check: str) -> Service:
    return Service(
        relay=relay,
        client=_OUTLOOK,
        protocol="RPC",
        port=port,
        checks=(check, "tcp"),
        session_timeout="2h",
        affinity=Affinity.GROUP,
    )


_HTTPS_2010: Final = Service(
    relay="HTTPS",
    client=_WEB_2010,
    protocol="HTTPS",
    port="https",
    checks=('https "/owa/auth/logon.aspx" code 200,302',),
    session_timeout="40m",
    affinity=Affinity.SAME_HOST,
    virtual_directories=tuple(each for each in VIRTUAL_DIRECTORIES if not each.since),
    notes=(
        Note(
            text="Exchange 2010 has no health page: HTTPS is checked by the logon page of OWA.",
            evidence=Evidence.KNOWN,
        ),
        Note(
            text="OWA and ECP need one server for both, EWS for its subscriptions: source-hash gives it to them.",
            source="TechNet, Load Balancing Requirements of Exchange Protocols",
        ),
    ),
)

_E2010: Final = Edition(
    version=Version.E2010,
    services=(
        _HTTPS_2010,
        *pop3(Wish.ALWAYS),
        *imap(Wish.ALWAYS),
        _rpc("RPCLS", "mapper", "rpc"),
        _rpc("RPCCAS", "client_access", 'rpc "emsmdb"'),
        _rpc("RPCABS", "address_book", 'rpc "nspi"'),
        SMTP,
        HTTP,
    ),
    clients=(_OUTLOOK, _WEB_2010, THIRD_PARTY, MAIL, HTTP.client),
    modes=("mode source-hash",),
    notes=(
        Note(
            text="Outlook expects all its RPC connections at one server: the three RPC services are one affinity group.",
            source="TechNet, Load Balancing Requirements of Exchange Protocols",
        ),
        Note(
            text="Clients behind one address (NAT, a carrier's phones) share a server: see `bascule exchange affinity`.",
            source="TechNet blog of M. Hall, 2012",
        ),
        Note(text="Exchange 2010 is out of support since October 2020.", evidence=Evidence.KNOWN),
    ),
)

_MODERN_NOTES: Final = (
    Note(
        text="Any server serves any connection, so there is no affinity, and a server that fails costs nobody a log-on.",
        source=_LEARN,
    ),
    Note(
        text="That needs the same certificate on every server: the cookie of a log-on is encrypted with it.", source=_LEARN
    ),
    Note(
        text="TLS ends at Exchange, untouched, as Extended Protection wants it.",
        source="Microsoft Learn, Windows Extended Protection",
    ),
)
_LEAST_STATES: Final = Note(
    text=(
        "The server with the fewest sessions takes the next one; one that comes back gets its share over a minute, since a "
        "server that has just started is else given everybody at once. `--mode roundrobin` is what Microsoft ran itself."
    ),
    source="TechEd Australia 2011, EXL304",
)

_HTTPS: Final = Service(
    relay="HTTPS",
    client=_WEB,
    protocol="HTTPS",
    port="https",
    checks=(f'exchange "{" ".join(WATCHED)}"', 'https "/owa/healthcheck.htm" code 200 expect "200 OK"'),
    session_timeout="40m",
    virtual_directories=VIRTUAL_DIRECTORIES,
    notes=(
        Note(
            text="Exchange judges its services every few minutes, so its pages tell late; what is dead is seen at once.",
            source="Microsoft Learn, Managed availability",
        ),
    ),
)

_MODERN: Final = Edition(
    version=Version.E2016,
    services=(_HTTPS, HTTP, SMTP, SUBMISSION, *pop3(Wish.POP), *imap(Wish.IMAP)),
    clients=(_WEB, THIRD_PARTY, MAIL, SUBMISSION.client, HTTP.client),
    modes=("mode least-states slow start 60s", "mode roundrobin"),
    notes=(*_MODERN_NOTES, _LEAST_STATES),
)

_EDITIONS: Final = MappingProxyType(
    {
        Version.E2010: _E2010,
        **{
            version: replace(
                _MODERN,
                version=version,
                notes=(*_MODERN.notes, Note(text=f"Exchange {version} is out of support since {ended}.", source=source)),
            )
            for version, ended, source in (
                (Version.E2013, "11 April 2023", "scyscan.com"),
                (Version.E2016, "14 October 2025", "exclaimer.com"),
                (Version.E2019, "14 October 2025", "exclaimer.com"),
            )
        },
        Version.SE: replace(_MODERN, version=Version.SE),
    }
)


def edition(version: Version) -> Edition:
    """Return what is known of a version."""
    return _EDITIONS[version]
