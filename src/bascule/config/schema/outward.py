"""Who is told what happens here: `syslog`, `mail`, `alert`, `snmp`; and `ntp`, whose clocks ours is compared with."""

from typing import Final

from bascule.config.kinds.addresses import ADDRESS as ADDRESS_KIND
from bascule.config.kinds.addresses import ADDRESS_OR_NETWORK
from bascule.config.kinds.kind import choice
from bascule.config.kinds.mailbox import MAILBOX_PASSWORD
from bascule.config.kinds.outward import COMMUNITY as COMMUNITY_KIND
from bascule.config.kinds.outward import LOGIN as LOGIN_KIND
from bascule.config.kinds.outward import MAIL_ADDRESS, TIME_OF_DAY, WEB_ADDRESS
from bascule.config.kinds.texts import NAME as NAME_KIND
from bascule.config.model import Address
from bascule.config.outward import FACILITIES, SYSLOG_PORTS, Cause
from bascule.config.schema.clause import Clause, Literal, Value, by_values
from bascule.config.schema.servers import HOST, PORT, SIGNED_BY

TRANSPORT: Final = Value("transport", choice("TRANSPORT", dict.fromkeys(SYSLOG_PORTS), "udp, tcp or tls"))
FACILITY: Final = Value("facility", choice("FACILITY", dict.fromkeys(FACILITIES), "a facility of syslog"))
MAIL: Final = Value("mail", MAIL_ADDRESS)
URL: Final = Value("url", WEB_ADDRESS)
USER: Final = Value("login", LOGIN_KIND)
PASSWORD: Final = Value("login password", MAILBOX_PASSWORD)
NAME: Final = Value("name", NAME_KIND)
BEGINS: Final = Value("begins", TIME_OF_DAY)
ENDS: Final = Value("ends", TIME_OF_DAY)
LISTEN: Final[Value[Address]] = Value("address", ADDRESS_KIND)
COMMUNITY: Final = Value("community", COMMUNITY_KIND)
SOURCE: Final = Value("network", ADDRESS_OR_NETWORK)

_KEPT: Final = 'the password is kept elsewhere, and `"<set …>"` stands in the text from then on'


def _port(default: int) -> Clause:
    return Clause(word="port", parts=(PORT,), default=str(default), help="its port")


def _login(what: str) -> Clause:
    return Clause(word="login", parts=(USER, Literal("password"), PASSWORD), help=f"{what}; {_KEPT}")


SYSLOG: Final = Clause(
    word="syslog",
    help="servers that every event and the audit log go to (RFC 5424)",
    block=(
        Clause(
            word="server",
            parts=(HOST,),
            many=True,
            identity=by_values,
            help="one of them; what it cannot take waits for a while, and what is lost is counted and said",
            options=(
                Clause(
                    word="transport",
                    parts=(TRANSPORT,),
                    default="udp",
                    help="how it goes there; only tls keeps others from reading, and from answering in the server's place",
                ),
                Clause(word="port", parts=(PORT,), default="514 for udp, 601 for tcp, 6514 for tls", help="its port"),
                Clause(word="facility", parts=(FACILITY,), default="daemon", help="what it sorts them by"),
                Clause(word="warnings-only", help="nothing but warnings and the audit log"),
                SIGNED_BY,
            ),
        ),
    ),
)

MAIL_SERVER: Final = Clause(
    word="mail",
    help="who takes the mails of alerts",
    block=(
        Clause(
            word="server",
            parts=(HOST,),
            required=True,
            help="the mail server",
            options=(
                _port(25),
                Clause(word="tls", help="it speaks TLS from the first byte, as at port 465"),
                Clause(word="starttls", help="it goes on in TLS when it is asked to; one that does not gets no mail"),
                SIGNED_BY,
            ),
        ),
        Clause(
            word="from", parts=(MAIL,), default="bascule at this machine's name", help="the address that they are sent from"
        ),
        _login("who logs in there"),
    ),
)

_CAUSES: Final = {
    Cause.HOST: "a host is down, or up again",
    Cause.RELAY: "a relay serves no client any more, or serves again; urgent",
    Cause.TABLE: "one host alone is left of a table that has several, or more again; urgent",
    Cause.DEPLOYMENT: "a configuration is deployed, committed, or taken back",
    Cause.CERTIFICATE: "a certificate expires soon, of a host or of the admin server",
    Cause.PORTS: "source ports run out towards a host; urgent",
    Cause.CONNTRACK: "the kernel's table of sessions is nearly full; urgent",
    Cause.BACKUP: "no backup can be made",
}

ALERT: Final = Clause(
    word="alert",
    parts=(NAME,),
    many=True,
    identity=by_values,
    help="who is told when something needs an eye, by mail or webhook; `bascule alert test` tries it",
    block=(
        Clause(word="mail to", parts=(MAIL,), many=True, identity=by_values, help="who gets a mail"),
        Clause(
            word="webhook",
            parts=(URL,),
            many=True,
            identity=by_values,
            help="what gets a POST of JSON; of its address all but the machine is kept elsewhere, and `<set …>` stands in "
            "the text from then on",
            options=(_login("how it is asked for a user (HTTP Basic)"),),
        ),
        Clause(
            word="on",
            default="everything",
            help="of what they are told",
            options=tuple(Clause(word=cause.value, help=help_) for cause, help_ in _CAUSES.items()),
        ),
        Clause(
            word="quiet",
            parts=(BEGINS, Literal("to"), ENDS),
            default="never",
            help="from when to when, by this machine's clock, only what is urgent is told; the rest comes as one summary",
        ),
    ),
)

SNMP: Final = Clause(
    word="snmp",
    default="nobody is answered",
    help="who may ask how it goes by SNMP, and who is told; it changes nothing here, and BASCULE-MIB says what there is",
    block=(
        Clause(word="port", parts=(PORT,), default="161", help="the UDP port"),
        Clause(word="listen on", parts=(LISTEN,), default="every address", help="the address"),
        Clause(
            word="community",
            parts=(COMMUNITY,),
            default="no SNMPv2c",
            help="of SNMPv2c; all on the way read it. It is kept elsewhere, and `<set …>` stands in the text from then on",
        ),
        _login("who asks by SNMPv3, with SHA-256 and AES-128; the password has 8 characters at least"),
        Clause(
            word="from",
            parts=(SOURCE,),
            many=True,
            identity=by_values,
            required=True,
            help="who may ask; what others send is not read",
        ),
        Clause(
            word="trap to",
            parts=(HOST,),
            many=True,
            identity=by_values,
            help="who gets a trap when a host, a table or a relay is another than before; by the user, else the community",
            options=(_port(162),),
        ),
    ),
)

NTP: Final = Clause(
    word="ntp",
    help="servers that this machine's clock is compared with; Bascule does not set it",
    block=(
        Clause(word="server", parts=(HOST,), many=True, identity=by_values, help="one of them, asked by SNTP (RFC 4330)"),
    ),
)

OUTWARD: Final = (SYSLOG, MAIL_SERVER, ALERT, SNMP, NTP)
