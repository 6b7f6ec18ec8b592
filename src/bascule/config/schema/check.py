"""The health checks that may follow `check`."""

from typing import Final

from bascule.config.kinds.kind import Flaw, Kind
from bascule.config.kinds.numbers import CODES
from bascule.config.kinds.numbers import PORT as PORT_KIND
from bascule.config.kinds.rpc import SERVICE
from bascule.config.kinds.texts import PROGRAM_FILE, text
from bascule.config.kinds.vdirs import VDIRS as VDIRS_KIND
from bascule.config.lexer import Token
from bascule.config.schema.clause import Clause, Literal, Value
from bascule.config.schema.mailbox import BEYOND_GREETING
from bascule.config.schema.vdirs import POLICY

_DATA: Final = text("what to send, in quotes, or `nothing`")


def _data_or_nothing(token: Token) -> str | Flaw:
    return "" if token.text == "nothing" else _DATA.read(token)


PATH: Final = Value("path", text('a path in quotes, such as "/owa/healthcheck.htm"', empty=False))
HTTP_HOST: Final = Value("host", text("a host name in quotes", empty=False))
STATUS: Final = Value("codes", CODES)
BODY: Final = Value("text", text("a text in quotes", empty=False))
DATA: Final = Value("data", Kind(name='"TEXT"|nothing', what=_DATA.what, read=_data_or_nothing))
GLOB: Final = Value("pattern", text("a pattern in quotes", empty=False))

VDIRS: Final = Value("virtual directories", VDIRS_KIND)
RPC_SERVICE: Final = Value("service", SERVICE, optional=True)
RPC_PORT: Final = Value("port", PORT_KIND)
MAPPER_PORT: Final = Value("mapper", PORT_KIND)
PROGRAM: Final = Value("program", PROGRAM_FILE)

_TLS: Final = Clause(word="tls", help="the port speaks TLS from the first byte")
_MAIL: Final = (_TLS, *BEYOND_GREETING)
_HTTP_OPTIONS: Final = (
    Clause(
        word="host", parts=(HTTP_HOST,), default="the host's address", help="sent as Host and, with TLS, as server name"
    ),
    Clause(word="code", parts=(STATUS,), default="200", help="the status codes that count as up"),
    Clause(word="expect", parts=(BODY,), help="a text that the body must hold"),
)

CHECKS: Final = (
    Clause(word="icmp", help="the host answers an echo"),
    Clause(word="tcp", help="the host accepts a connection"),
    Clause(word="tls", help="the host completes a TLS handshake; its certificate is not judged"),
    Clause(word="http", parts=(PATH,), options=_HTTP_OPTIONS, help="the host answers a GET as said"),
    Clause(word="https", parts=(PATH,), options=_HTTP_OPTIONS, help="the same over TLS"),
    Clause(
        word="exchange",
        parts=(VDIRS,),
        options=(
            Clause(
                word="host",
                parts=(HTTP_HOST,),
                default="the namespace of the `exchange` block",
                help="sent as Host and as server name",
            ),
            *POLICY,
        ),
        help="Exchange 2013 and later: the health pages of these virtual directories say 200 OK, over TLS, and name the "
        "server as the host is named here; a host in Exchange's maintenance takes no new clients",
    ),
    Clause(
        word="send",
        parts=(DATA, Literal("expect"), GLOB),
        options=(_TLS,),
        help="the host's answer matches a shell pattern; `send nothing` waits for it to speak first",
    ),
    Clause(word="smtp", options=_MAIL, help="the host greets as SMTP does, and hears QUIT; a 421 is down"),
    Clause(word="imap", options=_MAIL, help="the host greets as IMAP does, and hears LOGOUT"),
    Clause(word="pop3", options=_MAIL, help="the host greets as POP3 does, and hears QUIT"),
    Clause(
        word="rpc",
        parts=(RPC_SERVICE,),
        options=(
            Clause(
                word="port",
                parts=(RPC_PORT,),
                default="the ports at which clients come, of the relay or its affinity group",
                help="where the one service must be",
            ),
            Clause(word="mapper", parts=(MAPPER_PORT,), default="135", help="the port of the hosts' endpoint mapper"),
        ),
        help=(
            "the host's endpoint mapper names the RPC service at a port where clients reach it through this relay or its "
            "affinity group, and the service answers there; without a service both of Exchange 2010's are asked for, "
            'RPC Client Access ("emsmdb") and Address Book ("nspi"); others are named by UUID, with their version where '
            'that is not 1.0: "12345778-1234-abcd-ef00-0123456789ac v0.0"'
        ),
    ),
    Clause(
        word="script",
        parts=(PROGRAM,),
        help=(
            "a program of yours, run with the host's address and port as its arguments, ends with exit code 0; any other "
            "is down, as for a shell. In relayd it is the other way round: a script from there must be turned over"
        ),
    ),
)
