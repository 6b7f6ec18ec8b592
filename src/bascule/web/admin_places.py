"""Where the pages answer, and where they will: who looks at them must find them again. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Protocol

from bascule.config.model import HttpServer
from bascule.service.request import Origin

_HTTPS: Final = 443
_SAME, _OTHER, _OTHER_VERSION, _BY_NAME = range(4)


class Place(Protocol):
    """Where an admin server answers, or would."""

    @property
    def address(self) -> str:
        """Return it; empty for every address of its version."""
        ...

    @property
    def version(self) -> int:
        """Return that of IP."""
        ...

    @property
    def port(self) -> int:
        """Return it."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """A place that a text says."""

    address: str
    version: int
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The pages are not, or not for long, where somebody looks at them."""

    urls: tuple[str, ...]
    """Where they are then, without a path; the first is the likeliest."""
    stays: bool
    """A browser is logged in there, too: cookies belong to a host, and not to a port."""


def written(server: HttpServer) -> tuple[Written, ...]:
    """Return where a text has the admin server answer."""
    if server.address is None:
        return Written("", 4, server.port), Written("", 6, server.port)
    return (Written(str(server.address), server.address.version, server.port),)


def answers(place: Place, origin: Origin) -> bool:
    """Tell whether somebody who came like that came there."""
    address = ip_address(origin.to)
    same = not place.address or ip_address(place.address) == address
    return place.port == origin.port and place.version == address.version and same


def move(places: Sequence[Place], origin: Origin | None, host: str) -> Move | None:
    """Return where somebody finds the pages who finds them where he is now, by a name or address; None where he is right.

    None, too, where there is no place at all.
    """
    if not places or origin is None or any(answers(place, origin) for place in places):
        return None
    ranked = sorted(_urls(places, origin, host))
    stays = ranked[0][0] in {_SAME, _BY_NAME}
    return Move(urls=tuple(dict.fromkeys(found for _, found in ranked)), stays=stays)


def _urls(places: Iterable[Place], origin: Origin, host: str) -> Iterator[tuple[int, str]]:
    """Yield what a browser takes, with how likely it leads there: by the name that works now, where that may be."""
    to = ip_address(origin.to)
    for place in places:
        if place.version == to.version and (not place.address or ip_address(place.address) == to):
            yield _SAME, url(host, place.port)
        elif place.address:
            yield _OTHER if place.version == to.version else _OTHER_VERSION, url(place.address, place.port)
        else:
            yield _BY_NAME, url(host, place.port)


def url(host: str, port: int) -> str:
    """Return `https://10.2.0.10:4433`."""
    return f"https://{bracketed(host)}{'' if port == _HTTPS else f':{port}'}"


def bracketed(host: str) -> str:
    """Return an address of IPv6 as it stands in a URL, and anything else as it is."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
