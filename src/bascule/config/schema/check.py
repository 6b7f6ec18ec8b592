"""The health checks that may follow `check`."""

from typing import Final

from bascule.config.kinds.kind import Flaw, Kind
from bascule.config.kinds.numbers import CODES
from bascule.config.kinds.texts import PROGRAM_FILE, text
from bascule.config.lexer import Token
from bascule.config.schema.clause import Clause, Literal, Value
from bascule.config.version import SECOND

_DATA: Final = text("what to send, in quotes, or `nothing`")


def _data_or_nothing(token: Token) -> str | Flaw:
    return "" if token.text == "nothing" else _DATA.read(token)


PATH: Final = Value("path", text('a path in quotes, such as "/owa/healthcheck.htm"', empty=False))
HTTP_HOST: Final = Value("host", text("a host name in quotes", empty=False))
STATUS: Final = Value("codes", CODES)
BODY: Final = Value("text", text("a text in quotes", empty=False))
DATA: Final = Value("data", Kind(name='"TEXT"|nothing', what=_DATA.what, read=_data_or_nothing))
GLOB: Final = Value("pattern", text("a pattern in quotes", empty=False))

PROGRAM: Final = Value("program", PROGRAM_FILE)

_TLS: Final = Clause(word="tls", help="the port speaks TLS from the first byte")
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
        word="send",
        parts=(DATA, Literal("expect"), GLOB),
        options=(_TLS,),
        help="the host's answer matches a shell pattern; `send nothing` waits for it to speak first",
    ),
    Clause(word="smtp", options=(_TLS,), help="the host greets as SMTP does, and hears QUIT; a 421 is down"),
    Clause(word="imap", options=(_TLS,), help="the host greets as IMAP does, and hears LOGOUT"),
    Clause(word="pop3", options=(_TLS,), help="the host greets as POP3 does, and hears QUIT"),
    Clause(word="rpc", since=SECOND, help="the host's endpoint mapper knows the RPC service"),
    Clause(
        word="script",
        parts=(PROGRAM,),
        help=(
            "a program of yours, run with the host's address and port as its arguments, ends with exit code 0; any other "
            "is down, as for a shell. In relayd it is the other way round: a script from there must be turned over"
        ),
    ),
)
