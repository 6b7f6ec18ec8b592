"""`check script`: a program of the operator's says so. As for a shell, 0 is good; relayd has it the other way round."""

import signal
from types import MappingProxyType
from typing import Final

from bascule.config.model import ScriptCheck
from bascule.health.caller import Caller
from bascule.health.conversation import MAXIMUM_ANSWER
from bascule.health.reasons import SCRIPT_FAULTS, ProbeError, quote, words_of
from bascule.system.programs import TooMuchSaidError, run

ENVIRONMENT: Final = MappingProxyType({"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C"})
"""All that a script finds in its environment."""


async def probe(check: ScriptCheck, caller: Caller) -> str:
    """Run the program with the host's address and port as arguments. Raises ProbeError."""
    caller.awaited = "end of the script"
    argv = [check.program, str(caller.endpoint.address), str(caller.endpoint.port)]
    try:
        code, said = await run(argv, ENVIRONMENT, most=MAXIMUM_ANSWER)
    except TooMuchSaidError as error:
        raise ProbeError(f"the script wrote more than {MAXIMUM_ANSWER} bytes") from error
    except OSError as error:
        raise ProbeError(f"cannot run {check.program}: {words_of(error)}", ours=error.errno in SCRIPT_FAULTS) from error
    how = f"ended by signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"exit code {code}"
    first = quote(said)
    words = f"{how}: {first}" if first else how
    if code:
        raise ProbeError(words)
    return words
