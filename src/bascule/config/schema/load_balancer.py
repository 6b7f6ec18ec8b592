"""The `load-balancer` block: tables of hosts, and the relays that use them."""

from typing import Final

from bascule.config.kinds.addresses import ADDRESS, ADDRESS_RANGE
from bascule.config.kinds.addresses import HOST as HOST_KIND
from bascule.config.kinds.kind import choice
from bascule.config.kinds.numbers import KEY as KEY_KIND
from bascule.config.kinds.numbers import PORT as PORT_KIND
from bascule.config.kinds.numbers import PORTS as PORTS_KIND
from bascule.config.kinds.numbers import duration, integer, rate, whole_seconds
from bascule.config.kinds.texts import LOG as LOG_KIND
from bascule.config.kinds.texts import NAME as NAME_KIND
from bascule.config.kinds.texts import TABLE as TABLE_KIND
from bascule.config.kinds.texts import ZONE as ZONE_KIND
from bascule.config.kinds.texts import identifier
from bascule.config.model import MAXIMUM_WEIGHT, MOST_COUNTED, Address, Mode
from bascule.config.schema.check import CHECKS
from bascule.config.schema.clause import Clause, Literal, Value, by_values
from bascule.config.schema.router import ROUTER
from bascule.config.schema.timing import TIMING
from bascule.config.schema.vdirs import POLICY

NAME: Final = Value("name", NAME_KIND)
TABLE: Final = Value("table", TABLE_KIND)
HOST: Final[Value[Address | str]] = Value("host", HOST_KIND)
WEIGHT: Final = Value("weight", integer(0, MAXIMUM_WEIGHT))
TTL: Final = Value("ip ttl", integer(1, 255))
RETRY: Final = Value("retry", integer(0, 99))
MAX_SESSIONS: Final = Value("max sessions", integer(1, 1_000_000))
KEY: Final = Value("key", KEY_KIND)
LISTEN_ADDRESS: Final[Value[Address]] = Value("address", ADDRESS, optional=True)
PORT: Final = Value("port", PORT_KIND)
PORTS: Final = Value("ports", PORTS_KIND)
TRANSPORT: Final = Value("transport", choice("tcp|udp", {"tcp": None, "udp": None}), optional=True)
INTERFACE: Final = Value("interface", identifier("INTERFACE", "an interface's name", 15))
STICKY_TIMEOUT: Final = Value("timeout", whole_seconds(1, 2_147_483))
ZONE: Final = Value("zone", ZONE_KIND)
SESSION_TIMEOUT: Final = Value("session timeout", whole_seconds(1, 2_147_483))
SLOW_START: Final = Value("slow start", duration(0, 3600))
CONNECT_TIMEOUT: Final = Value("connect timeout", duration(0.1, 60))
SOURCE: Final = Value("source", ADDRESS_RANGE)
LOG_PATH: Final = Value("path", LOG_KIND)
WORKERS: Final = Value("workers", integer(1, 64))
GROUP: Final = Value("group", NAME_KIND)
MAX_SOURCE_SESSIONS: Final = Value("max source sessions", integer(1, MOST_COUNTED))
MAX_SOURCE_RATE: Final = Value("max source rate", rate(1, 100_000))
MAX_HALF_OPEN: Final = Value("max half-open", integer(1, 1_000_000))
MODE: Final = Value(
    "mode",
    choice(
        "MODE",
        {mode.value: None for mode in Mode},
        "a mode",
    ),
)
ENGINE: Final = Value("engine", choice("ENGINE", {"kernel": None, "proxy": None}, "an engine"))
ON_EMPTY: Final = Value("on empty", choice("ACTION", {"reset": None, "drop": None}))
ON_DOWN: Final = Value("on down", choice("ACTION", {"reset": None, "keep": None}))
ON_REMOVE: Final = Value("on remove", choice("ACTION", {"drain": None, "reset": None}))

_DISABLE: Final = Clause(word="disable", help="it is kept in the text and does nothing")

_HOST: Final = Clause(
    parts=(HOST,),
    many=True,
    identity=by_values,
    help="a server of the table; by name, as many as the servers of `dns` know addresses of it, and asked again by its TTL",
    options=(
        Clause(word="name", parts=(NAME,), default="the address, or the name", help="what people call the host"),
        Clause(word="weight", parts=(WEIGHT,), default="1", help="its share of the clients; 0 takes no new ones"),
        Clause(
            word="ip ttl",
            parts=(TTL,),
            default="the system's",
            help="the time to live of what its checks send; 1 reaches a gateway on the segment and nobody behind a router",
        ),
        Clause(word="retry", parts=(RETRY,), help="relayd's word: failed probes to forgive, so `fall` is one more"),
        Clause(
            word="max sessions",
            parts=(MAX_SESSIONS,),
            default="no limit",
            help="sessions that the services of this table give it at most, all together; further clients go to others",
        ),
    ),
)

_TABLE: Final = Clause(
    word="table",
    parts=(TABLE,),
    many=True,
    identity=by_values,
    help="the hosts that do one job",
    block=(
        _HOST,
        Clause(
            word="key",
            parts=(KEY,),
            default="the first 8 hexadecimal digits of the SHA-256 of the table's name",
            help="seeds the choice of hosts; every relay on the table uses it, on every node and after every restart",
        ),
        *TIMING,
        *POLICY,
        _DISABLE,
    ),
)

_LISTEN: Final = Clause(
    word="listen on",
    parts=(LISTEN_ADDRESS, TRANSPORT, Literal("port"), PORTS),
    many=True,
    required=True,
    help="where clients connect; without an address, on every address that `interface` blocks name or, where they name "
    "none, on every address of the machine but loopback; UDP is for redirects, a range of ports for the kernel",
    options=(
        Clause(word="interface", parts=(INTERFACE,), help="only clients that come in through this interface"),
        Clause(word="from", parts=(ZONE,), help="only clients of this zone of the firewall"),
    ),
)

_FORWARD: Final = Clause(
    word="forward to",
    parts=(TABLE,),
    many=True,
    identity=by_values,
    required=True,
    help="the table whose hosts serve the clients",
    options=(
        Clause(word="port", parts=(PORT,), default="the port that the client asked for", help="the hosts' port"),
        Clause(word="check", choices=CHECKS, default="every host counts as up", help="how a host's health is asked"),
        *TIMING,
        Clause(
            word="mode",
            parts=(MODE,),
            default="roundrobin",
            help="how clients are spread over the hosts; least-states in the kernel alone",
        ),
        Clause(
            word="slow start",
            parts=(SLOW_START,),
            default="0",
            help="how long a host that comes back takes to get its full share; with `mode least-states`",
        ),
    ),
)

_SERVICE: Final = (
    _LISTEN,
    _FORWARD,
    Clause(
        word="session timeout",
        parts=(SESSION_TIMEOUT,),
        default="40m; RPC 2h; SMTP 10m; IMAP and POP3 35m; told by the check, else by the port",
        help="how long a session may be silent",
    ),
    Clause(
        word="on empty",
        parts=(ON_EMPTY,),
        default="reset",
        help="what a new client meets when no host is up; in the proxy, which has accepted it, always a reset",
    ),
    Clause(
        word="on down",
        parts=(ON_DOWN,),
        default="reset",
        help="what becomes of the sessions of a host that goes down while another is up",
    ),
    Clause(
        word="on remove",
        parts=(ON_REMOVE,),
        default="drain",
        help="what becomes of the sessions of a host that is taken out of the text",
    ),
    Clause(word="affinity", parts=(GROUP,), help="ties services together: one client meets one host on all of them"),
    Clause(
        word="sticky-address",
        help="a client's host is remembered, on every port, and new clients are spread by the mode; in the kernel alone",
        options=(
            Clause(
                word="timeout",
                parts=(STICKY_TIMEOUT,),
                default="2h",
                help="how long after the last packet of any of its sessions",
            ),
        ),
    ),
    Clause(
        word="max source sessions",
        parts=(MAX_SOURCE_SESSIONS,),
        default="no limit",
        help="sessions of one client address at the same time; further ones are refused",
    ),
    Clause(
        word="max source rate",
        parts=(MAX_SOURCE_RATE,),
        default="no limit",
        help="new sessions of one client address in a second; further ones are refused",
    ),
    Clause(
        word="max half-open",
        parts=(MAX_HALF_OPEN,),
        default="no limit",
        help="sessions that clients have begun and not completed, all together; further ones are refused; "
        "in the kernel alone",
    ),
    _DISABLE,
)
"""What relays and redirects have in common."""

_RELAY: Final = Clause(
    word="relay",
    parts=(NAME,),
    many=True,
    identity=by_values,
    help="a service at layer 4: hosts see our own address as the source, so they need no route to the clients",
    block=(
        *_SERVICE,
        Clause(
            word="connect timeout",
            parts=(CONNECT_TIMEOUT,),
            default="2s",
            help="how long the proxy waits for a host before it tries the next",
        ),
        Clause(
            word="engine",
            parts=(ENGINE,),
            default="kernel where nftables may be used, else proxy",
            help="who carries the bytes",
        ),
        Clause(
            word="source",
            parts=(SOURCE,),
            default="the listening address, or one of the interface towards the host",
            help="the addresses that our connections to the hosts come from",
        ),
        Clause(
            word="accept-source-rewrite",
            help="you know that servers see our address instead of the client's; silences the warning for SMTP",
        ),
    ),
)

_REDIRECT: Final = Clause(
    word="redirect",
    parts=(NAME,),
    many=True,
    identity=by_values,
    help="a service at layer 3: hosts see the client's own address, so this machine must be their default gateway",
    block=_SERVICE,
)

LOAD_BALANCER: Final = Clause(
    word="load-balancer",
    help="tables of hosts and the services that balance clients over them",
    block=(
        *TIMING,
        Clause(
            word="workers",
            parts=(WORKERS,),
            default="one for each processor, four at most",
            help="processes of the user-space proxy",
        ),
        Clause(
            word="access-log",
            default="none is written",
            help="where a line for each session that ends goes, with its bytes and the port that the host saw",
            choices=(
                Clause(word="file", parts=(LOG_PATH,), help="a file, which is opened anew when it was moved away"),
                Clause(word="syslog", help="syslog, as daemon.info"),
                Clause(word="journal", help="the journal of systemd, with each field by itself"),
            ),
        ),
        _TABLE,
        _RELAY,
        _REDIRECT,
        ROUTER,
    ),
)
