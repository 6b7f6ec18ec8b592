"""Asking for names once: by a prober of its own, so that whoever asks parses nothing that strangers send."""

import asyncio
from collections.abc import Sequence
from typing import Final

from bascule.config.names import Questions
from bascule.health import wire
from bascule.health.names.answer import Answer
from bascule.system.channel import ChannelError
from bascule.system.child import Child
from bascule.system.children import Starts
from bascule.system.errors import MachineError

PATIENCE: Final = 3.0
"""Seconds for which answers are waited for."""


async def ask_once(questions: Questions, *, starts: Starts) -> Sequence[Answer]:
    """Return what name servers say within some seconds; of the names that are lacking nobody has told anything."""
    answers: dict[str, Answer] = {}
    try:
        child: Child[wire.Report] = await Child.start(starts, "probe", wire.Report)
    except MachineError:
        return []
    try:
        async with asyncio.timeout(PATIENCE):
            await child.tell(wire.names(questions))
            while questions.names - answers.keys() and (told := await child.channel.receive()) is not None:
                if isinstance(told, wire.Resolved) and told.name in questions.names:
                    answers[told.name] = wire.answer(told)
    except (TimeoutError, OSError, ChannelError):
        pass  # what came by then is what there is
    finally:
        await child.end()
    return list(answers.values())
