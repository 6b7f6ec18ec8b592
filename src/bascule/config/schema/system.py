"""The `system` block: accounts, name servers and the admin server."""

from typing import Final

from bascule.config.kinds.accounts import ACCOUNT
from bascule.config.kinds.addresses import ADDRESS as ADDRESS_KIND
from bascule.config.kinds.addresses import ADDRESS_OR_NETWORK
from bascule.config.kinds.kind import choice
from bascule.config.kinds.numbers import PORT as PORT_KIND
from bascule.config.kinds.texts import HOST_NAME as HOST_NAME_KIND
from bascule.config.kinds.texts import PATH, text
from bascule.config.model import Address, Network
from bascule.config.schema.clause import Clause, Literal, Value, by_values
from bascule.config.schema.ldap import LDAP
from bascule.config.schema.outward import OUTWARD

USER: Final = Value("user", ACCOUNT)
PASSWORD: Final = Value("password", text("a password in quotes", secret=True, empty=False))
ROLE: Final = Value("role", choice("ROLE", {"administrator": None, "operator": None, "viewer": None}, "a role"))
SERVER: Final[Value[Address]] = Value("address", ADDRESS_KIND)
HTTP_PORT: Final = Value("port", PORT_KIND)
HTTP_ADDRESS: Final[Value[Address]] = Value("address", ADDRESS_KIND)
HTTP_CERTIFICATE: Final = Value("certificate", PATH)
HTTP_KEY: Final = Value("key", PATH)
METRICS_NETWORK: Final[Value[Network]] = Value("network", ADDRESS_OR_NETWORK)
HOST_NAME: Final = Value("host-name", HOST_NAME_KIND)

_USER: Final = Clause(
    word="user",
    parts=(USER,),
    many=True,
    identity=by_values,
    help="an account, made when there is none of that name and else only documented",
    block=(
        Clause(
            word="password",
            help="its password",
            choices=(
                Clause(word="set", help="it is kept elsewhere, as it should be"),
                Clause(parts=(PASSWORD,), help="in plain text, until the first revision is written"),
            ),
        ),
        Clause(word="role", parts=(ROLE,), default="viewer", help="what it may do"),
    ),
)

SYSTEM: Final = Clause(
    word="system",
    help="the machine itself and its administration",
    block=(
        Clause(word="host-name", parts=(HOST_NAME,), default="as it is", help="the machine's name"),
        Clause(word="authentication", block=(_USER, LDAP), help="who may administer"),
        Clause(
            word="dns",
            help="the name servers that are asked for hosts of tables, the first first",
            block=(Clause(parts=(SERVER,), many=True, identity=by_values, help="a name server"),),
        ),
        Clause(
            word="metrics",
            default="nobody",
            help="who may read figures for Prometheus at `/metrics` of the admin pages, without logging in",
            block=(
                Clause(
                    word="from",
                    parts=(METRICS_NETWORK,),
                    many=True,
                    identity=by_values,
                    help="whoever comes from there",
                ),
            ),
        ),
        Clause(
            word="http-server",
            default="there with all its defaults where a text is deployed, not there with `run --config`",
            help="the admin pages",
            block=(
                Clause(word="port", parts=(HTTP_PORT,), default="443", help="their HTTPS port"),
                Clause(word="listen on", parts=(HTTP_ADDRESS,), default="every address", help="their address"),
                Clause(
                    word="certificate",
                    parts=(HTTP_CERTIFICATE, Literal("key"), HTTP_KEY),
                    default="one that we make ourselves, for 825 days, and make anew in time",
                    help="their certificate with its chain and its key, two files in PEM",
                ),
            ),
        ),
        *OUTWARD,
    ),
)
