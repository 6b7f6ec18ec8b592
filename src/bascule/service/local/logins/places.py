"""Where the admin server is found, as a browser takes it."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Final

from bascule.service.results import AdminPlace

_HTTPS: Final = 443


def addresses(places: Sequence[AdminPlace], names: Sequence[str]) -> Sequence[str]:
    """Return a URL for each place; one that is every address of the machine goes by the machine's own names."""
    return list(dict.fromkeys(_urls(places, names)))


def _urls(places: Sequence[AdminPlace], names: Sequence[str]) -> Iterator[str]:
    for place in places:
        port = "" if place.port == _HTTPS else f":{place.port}"
        for host in [place.address] if place.address else names:
            yield f"https://{_bracketed(host)}{port}"


def _bracketed(host: str) -> str:
    try:
        return f"[{host}]" if ip_address(host).version == 6 else host  # noqa: PLR2004 - an IP version
    except ValueError:
        return host
