"""`check send … expect …`: what comes back matches a shell pattern."""

from fnmatch import fnmatchcase

from bascule.config.model import SendCheck
from bascule.health.caller import Caller
from bascule.health.reasons import ProbeError, printable, quote, shortened


async def probe(check: SendCheck, caller: Caller) -> str:
    """Send, or wait for the server to speak, and read on until all that came matches. Raises ProbeError, OSError.

    A server that never matches is down once it closes, has said too much, or the timeout is over, as in relayd. `?` and
    brackets match one byte.
    """
    pattern, named = check.expect.encode(), shortened(printable(check.expect))
    async with caller.conversation(tls=check.tls) as conversation:
        if check.send:
            await conversation.send(check.send.encode())
        said = b""
        while data := await conversation.more():
            said += data
            if fnmatchcase(said, pattern):
                return f'answered "{quote(said)}"'
            caller.awaited = f'answer like "{named}" but "{quote(said)}"'
        if not said:
            raise ProbeError("connection closed without an answer")
        raise ProbeError(f'answered "{quote(said)}", not "{named}"')
