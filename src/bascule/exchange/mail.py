"""The mail protocols, which every version of Exchange speaks alike."""

from typing import Final

from bascule.exchange.evidence import Note
from bascule.exchange.service import Client, SecurityZone, Service, Wish

THIRD_PARTY: Final = Client(name="Third-party clients", zone=SecurityZone.EXTERNAL)
MAIL: Final = Client(name="Mail transfer", zone=SecurityZone.EXTERNAL, remark="MX, needs no load balancer")

_TIMEOUT: Final = "35m"
"""Exchange itself ends a session after 30 minutes: Microsoft Learn, "Set connection time-out limits for POP3 and IMAP4"."""

_ON_DEMAND: Final = Note(
    text="POP3 and IMAP4 are off in Exchange 2013 and later until their services are started.",
    source="Microsoft Learn, Network ports for clients and mail flow in Exchange",
)


def pop3(wish: Wish) -> tuple[Service, Service]:
    """Return POP3 and POP3S."""
    return _mail("POP3", "POP3", "pop3", wish)


def imap(wish: Wish) -> tuple[Service, Service]:
    """Return IMAP and IMAPS."""
    return _mail("IMAP", "IMAP4", "imap", wish)


def _mail(relay: str, protocol: str, word: str, wish: Wish) -> tuple[Service, Service]:
    notes = () if wish is Wish.ALWAYS else (_ON_DEMAND,)
    plain, tls = (
        Service(
            relay=relay + suffix,
            client=THIRD_PARTY,
            protocol=protocol,
            port=word + suffix.lower(),
            checks=(check,),
            session_timeout=_TIMEOUT,
            wish=wish,
            notes=notes,
        )
        for suffix, check in (("", word), ("S", f"{word} tls"))
    )
    return plain, tls


SMTP: Final = Service(
    relay="SMTP", client=MAIL, protocol="SMTP", port="smtp", checks=("smtp",), session_timeout="10m", wish=Wish.SMTP
)
SUBMISSION: Final = Service(
    relay="SUBMISSION",
    client=Client(name="Programs that log in to send", zone=SecurityZone.EXTERNAL),
    protocol="SMTP",
    port="submission",
    checks=("smtp",),
    session_timeout="10m",
    wish=Wish.SMTP,
)
HTTP: Final = Service(
    relay="HTTP",
    client=Client(name="Browsers that begin without TLS", zone=SecurityZone.EXTERNAL),
    protocol="HTTP",
    port="http",
    checks=('http "/" code 200-499',),
    session_timeout="40m",
    wish=Wish.HTTP,
    notes=(
        Note(
            text="Port 80 is relayed as it is: the servers answer it, for OWA's redirect and Autodiscover's fallback.",
            source="Microsoft Learn, Network ports for clients and mail flow in Exchange",
        ),
    ),
)
