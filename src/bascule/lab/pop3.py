"""POP3 as a simulated Exchange server speaks it: enough to log in, count no messages and leave (RFC 1939)."""

import ssl
from contextlib import ExitStack

from bascule.lab.components import Component
from bascule.lab.machine import Machine
from bascule.lab.wire import Wire


async def serve_pop3(machine: Machine, wire: Wire, *, context: ssl.SSLContext | None = None) -> None:
    """Hold one conversation. Whom the machine admits may log in.

    Where its component is not active the service hangs up: what Exchange says then is not published.
    """
    if not machine.components.active(Component.POP_PROXY):
        return
    await wire.say(f"+OK The Microsoft Exchange POP3 service is ready. [{machine.fqdn}]")
    wire.patience = machine.limits.stranger_idle
    with ExitStack() as places:
        await _converse(machine, wire, places, context)


async def _converse(machine: Machine, wire: Wire, places: ExitStack, context: ssl.SSLContext | None) -> None:
    user, logged_in = "", False
    while True:
        word, _, argument = (await wire.line()).partition(" ")
        command = word.upper()
        if command == "QUIT":
            await wire.say("+OK Microsoft Exchange Server POP3 server signing off.")
            return
        if command == "STLS" and context is not None and not wire.encrypted:
            await wire.say("+OK Begin TLS negotiation now.")
            await wire.start_tls(context)
            continue
        if command == "PASS" and user:
            if not machine.admits(user, argument):
                await wire.say("-ERR Logon failure: unknown user name or bad password.")
                continue
            if not machine.take_place("pop3", user, places):
                return
            wire.patience, logged_in = machine.limits.mailbox_idle, True
        user = argument if command == "USER" else user
        await wire.say(*_answer(command, logged_in=logged_in))


def _answer(command: str, *, logged_in: bool) -> tuple[str, ...]:
    match command:
        case "CAPA":
            return "+OK", "USER", "."
        case "USER":
            return ("+OK",)
        case "PASS" if logged_in:
            return ("+OK User successfully logged on.",)
        case "STAT" if logged_in:
            return ("+OK 0 0",)
        case "LIST" | "UIDL" if logged_in:
            return "+OK 0 0", "."
        case "NOOP":
            return ("+OK",)
        case "PASS" | "STAT" | "LIST" | "UIDL":
            return ("-ERR Command is not valid in this state.",)
        case _:
            return ("-ERR Protocol error. 18",)
