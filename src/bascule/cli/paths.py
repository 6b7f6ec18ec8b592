"""Where the control socket and the state lie when nobody says otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a Bascule is spoken to, and where it keeps what must outlive it."""

    socket: Path
    state: Path


def default_places(uid: int, environment: Mapping[str, str]) -> Places:
    """Return root's places below /run and /var/lib, and anybody else's by the XDG base directory specification.

    Without XDG_RUNTIME_DIR the socket lies in the state directory: there is no other place that is the user's alone.
    """
    if uid == 0:
        return Places(socket=Path("/run/bascule/control.sock"), state=Path("/var/lib/bascule"))
    home = Path(environment.get("HOME") or "/")
    state = _absolute(environment.get("XDG_STATE_HOME"), home / ".local" / "state") / "bascule"
    runtime = environment.get("XDG_RUNTIME_DIR")
    directory = _absolute(runtime, home) / "bascule" if runtime else state
    return Places(socket=directory / "control.sock", state=state)


def published(state: Path) -> Path:
    """Return where the committed text lies for people: below /etc for root's usual place, else in the state directory."""
    return Path("/etc/bascule/bascule.conf") if state == Path("/var/lib/bascule") else state / "bascule.conf"


def _absolute(said: str | None, otherwise: Path) -> Path:
    """Return what a variable says; the specification has relative paths ignored."""
    path = Path(said or "")
    return path if path.is_absolute() else otherwise
