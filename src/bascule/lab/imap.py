"""IMAP4 as a simulated Exchange server speaks it: enough to log in, look at an empty mailbox and leave (RFC 3501)."""

import shlex
import ssl
from contextlib import ExitStack

from bascule.lab.components import Component
from bascule.lab.machine import Machine
from bascule.lab.wire import Wire

_FLAGS = r"(\Seen \Answered \Flagged \Deleted \Draft $MDNSent)"


async def serve_imap(machine: Machine, wire: Wire, *, context: ssl.SSLContext | None = None) -> None:
    """Hold one conversation. Whom the machine admits may log in; a literal is no argument here.

    Where its component is not active the service hangs up: what Exchange says then is not published.
    """
    if not machine.components.active(Component.IMAP_PROXY):
        return
    await wire.say(f"* OK The Microsoft Exchange IMAP4 service is ready. [{machine.fqdn}]")
    wire.patience = machine.limits.stranger_idle
    with ExitStack() as places:
        await _converse(machine, wire, places, context)


async def _converse(machine: Machine, wire: Wire, places: ExitStack, context: ssl.SSLContext | None) -> None:
    logged_in = False
    while True:
        line = await wire.line()
        tag, command = _split(line)
        if command == "LOGOUT":
            await wire.say("* BYE Microsoft Exchange Server IMAP4 server signing off.", f"{tag} OK LOGOUT completed.")
            return
        if command == "STARTTLS" and context is not None and not wire.encrypted:
            await wire.say(f"{tag} OK Begin TLS negotiation now.")
            await wire.start_tls(context)
            continue
        if command == "LOGIN":
            user, password = _credentials(line)
            if not machine.admits(user, password):
                await wire.say(f"{tag} NO LOGIN failed.")
                continue
            if not machine.take_place("imap", user, places):
                return
            wire.patience, logged_in = machine.limits.mailbox_idle, True
        await wire.say(*_answer(tag, command, logged_in=logged_in))


def _split(line: str) -> tuple[str, str]:
    """Return the tag and the command's name in capitals, of a line that may have neither."""
    words = line.split(maxsplit=2)
    return (words[0] if words else "*"), (words[1].upper() if len(words) > 1 else "")


def _credentials(line: str) -> tuple[str, str]:
    """Return user and password of a LOGIN, as strings or atoms."""
    try:
        found = shlex.split(line)[2:4]
    except ValueError:
        return "", ""
    return (found[0], found[1]) if len(found) > 1 else ("", "")


def _answer(tag: str, command: str, *, logged_in: bool) -> tuple[str, ...]:
    match command:
        case "CAPABILITY":
            return "* CAPABILITY IMAP4 IMAP4rev1", f"{tag} OK CAPABILITY completed."
        case "NOOP" | "LOGIN":
            return (f"{tag} OK {command} completed.",)
        case "SELECT" | "EXAMINE" if logged_in:
            access = "READ-WRITE" if command == "SELECT" else "READ-ONLY"
            return (
                "* 0 EXISTS",
                "* 0 RECENT",
                f"* FLAGS {_FLAGS}",
                f"* OK [PERMANENTFLAGS {_FLAGS}] Permanent flags",
                "* OK [UIDVALIDITY 1] UIDVALIDITY value",
                "* OK [UIDNEXT 1] The next unique identifier value",
                f"{tag} OK [{access}] {command} completed.",
            )
        case "SELECT" | "EXAMINE":
            return (f"{tag} BAD Command received in Invalid state.",)
        case _:
            return (f"{tag} BAD Command Error. 12",)
