"""Asks name servers for the addresses of a name: those that it is given, in their order, and no others."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver
from dns.rdatatype import RdataType

from bascule.config.model import Address
from bascule.health.names.answer import Answer
from bascule.health.reasons import printable, shortened

SERVER_TIMEOUT: Final = 1.5
"""Seconds for which one server is waited for before the next is asked."""

LIFETIME: Final = 5.0
"""Seconds after which nobody is waited for any more; meanwhile each server is asked several times."""

LONGEST_ANSWER: Final = 64
"""Addresses of one name that are read; more would be another kind of service."""

_DNS_PORT: Final = 53
_BARE: Final = re.compile(r"^Do53:|@[0-9]+$")
"""What dnspython puts around a server's address."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What was told of one family."""

    addresses: frozenset[Address] | None
    ttl: float = 0.0
    """Seconds, as the servers have it; of a failure none."""
    failure: str = ""
    no_such_name: bool = False


class Resolver:
    """Asks these servers. DNSSEC is not validated: they must be trusted, and so must the way to them."""

    def __init__(self, servers: Sequence[Address], *, port: int = _DNS_PORT) -> None:
        self._servers = servers
        self._resolver = dns.asyncresolver.Resolver(configure=False)
        self._resolver.nameservers = [str(server) for server in servers]
        self._resolver.port = port
        self._resolver.timeout, self._resolver.lifetime = SERVER_TIMEOUT, LIFETIME

    async def ask(self, name: str) -> tuple[Answer, float]:
        """Return what the servers say of a name, and after how many seconds that is old; 0 where they failed."""
        v4, v6 = await asyncio.gather(self._family(name, RdataType.A), self._family(name, RdataType.AAAA))
        if v4.no_such_name or v6.no_such_name:
            return Answer(name=name, failure="there is no such name"), 0.0
        failure = v4.failure or v6.failure
        if not failure and not v4.addresses and not v6.addresses:
            return Answer(name=name, failure="the name has no address"), 0.0
        answer = Answer(name=name, v4=v4.addresses, v6=v6.addresses, failure=failure)
        return answer, 0.0 if failure else min(v4.ttl, v6.ttl)

    async def _family(self, name: str, kind: RdataType) -> _Told:
        try:
            whole = dns.name.from_text(name)  # nothing is put behind it
            told = await self._resolver.resolve(whole, kind, search=False, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return _Told(None, failure="there is no such name", no_such_name=True)
        except dns.resolver.LifetimeTimeout:
            return _Told(None, failure=f"no answer of {self._asked()} within {LIFETIME:g} s")
        except dns.resolver.NoNameservers as error:
            return _Told(None, failure=_refusal(error))
        except (dns.exception.DNSException, OSError, ValueError) as error:
            words = shortened(printable(str(error) or type(error).__name__))
            return _Told(None, failure=f"{self._asked()} cannot be asked: {words}")
        records = [] if told.rrset is None else list(told.rrset)[:LONGEST_ANSWER]
        return _Told(frozenset(ip_address(record.address) for record in records), ttl=told.chaining_result.minimum_ttl)

    def _asked(self) -> str:
        return " and ".join(str(server) for server in self._servers)


def _refusal(error: dns.resolver.NoNameservers) -> str:
    """Return what the servers said instead of an answer: `10.2.0.5 says SERVFAIL`."""
    said = dict.fromkeys(f"{_BARE.sub('', str(told[0]))} says {told[3]}" for told in error.kwargs.get("errors", ()))
    return shortened(printable(", ".join(said))) or "no server answers"
