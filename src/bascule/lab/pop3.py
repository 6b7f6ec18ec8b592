"""POP3 as a simulated Exchange server speaks it: enough to log in, count no messages and leave (RFC 1939)."""

from bascule.lab.machine import Machine
from bascule.lab.wire import Wire


async def serve_pop3(machine: Machine, wire: Wire) -> None:
    """Hold one conversation. Any name and password may log in."""
    await wire.say(f"+OK The Microsoft Exchange POP3 service is ready. [{machine.fqdn}]")
    named = logged_in = False
    while True:
        command = (await wire.line()).partition(" ")[0].upper()
        if command == "QUIT":
            await wire.say("+OK Microsoft Exchange Server POP3 server signing off.")
            return
        logged_in = logged_in or (command == "PASS" and named)
        named = named or command == "USER"
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
