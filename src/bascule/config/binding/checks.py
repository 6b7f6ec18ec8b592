"""Binds what follows `check`."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from bascule.config.binding.mailbox import mail_check
from bascule.config.binding.vdirs import exchange_check
from bascule.config.matching import Match
from bascule.config.model import (
    Check,
    HttpCheck,
    IcmpCheck,
    RpcCheck,
    ScriptCheck,
    SendCheck,
    TcpCheck,
    TlsCheck,
)
from bascule.config.schema.check import (
    BODY,
    DATA,
    GLOB,
    HTTP_HOST,
    MAPPER_PORT,
    PATH,
    PROGRAM,
    RPC_PORT,
    RPC_SERVICE,
    STATUS,
)


def check(match: Match) -> Check:
    """Return the check that a sound clause says."""
    return _CHECKS[match.clause.word](match)


def _http(match: Match, *, tls: bool) -> HttpCheck:
    return HttpCheck(
        tls=tls,
        path=match[PATH],
        host=match.option("host", HTTP_HOST) or "",
        codes=match.option("code", STATUS) or ((200, 200),),
        expect=match.option("expect", BODY) or "",
    )


def _rpc(match: Match) -> RpcCheck:
    return RpcCheck(
        service=match.get(RPC_SERVICE) or "",
        port=match.option("port", RPC_PORT),
        mapper=match.option("mapper", MAPPER_PORT) or RpcCheck().mapper,
    )


_CHECKS: Final[Mapping[str, Callable[[Match], Check]]] = MappingProxyType(
    {
        "icmp": lambda _: IcmpCheck(),
        "tcp": lambda _: TcpCheck(),
        "tls": lambda _: TlsCheck(),
        "http": lambda match: _http(match, tls=False),
        "https": lambda match: _http(match, tls=True),
        "exchange": exchange_check,
        "send": lambda match: SendCheck(send=match[DATA], expect=match[GLOB], tls="tls" in match.options),
        "smtp": mail_check,
        "imap": mail_check,
        "pop3": mail_check,
        "rpc": _rpc,
        "script": lambda match: ScriptCheck(program=match[PROGRAM]),
    }
)
