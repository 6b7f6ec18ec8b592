"""`check exchange`: the health pages of Exchange say what it thinks of itself, and which server they are of.

Source of pages and texts: Microsoft Learn, "Load balancing in Exchange Server" and "Managed Availability".
"""

import asyncio
from collections.abc import Mapping
from typing import Final

from bascule.config.vdirs import ExchangeCheck, Vdir
from bascule.health.caller import Caller
from bascule.health.findings import SeenPage
from bascule.health.maintenance import told_by_smtp
from bascule.health.pages import Answer, Pages
from bascule.health.reasons import MaintenanceError, ProbeError, printable

_PAGES: Final = 0.7
_ALL: Final = 0.9
"""Shares of the check's timeout: for the pages, and for them and SMTP, which tells of maintenance where there is none."""


async def probe(check: ExchangeCheck, caller: Caller, within: float) -> str:
    """Ask for every page, within so many seconds. Raises ProbeError, MaintenanceError, OSError."""
    begun = asyncio.get_running_loop().time()
    pages = Pages(check, caller)
    answers = await pages.ask(within * _PAGES)
    caller.pages = [SeenPage(vdir=vdir.value, well=not answer.ill, words=answer.ill) for vdir, answer in answers.items()]
    _recognize(check, answers)
    ill = {vdir: answer.ill for vdir, answer in answers.items() if answer.ill}
    if len(ill) == len(answers):
        shut = await told_by_smtp(caller, begun + within * _ALL - asyncio.get_running_loop().time())
        if shut:
            raise MaintenanceError(f"in Exchange maintenance: no health page, and SMTP said {shut}")
    failed = {vdir: words for vdir, words in ill.items() if vdir in check.required}
    for vdir, words in ill.items():
        if vdir not in failed:
            caller.remark(vdir, f"{vdir}: {words}")
    if failed:
        raise ProbeError(_together(failed))
    return f"{len(answers) - len(ill)} of {len(answers)} health pages say 200 OK"


def _recognize(check: ExchangeCheck, answers: Mapping[Vdir, Answer]) -> None:
    """See that the pages name the server that the host is called by. Raises ProbeError."""
    if not check.server:
        return
    for answer in answers.values():
        if answer.server and _short(answer.server) != _short(check.server):
            name = printable(answer.server)
            raise ProbeError(f"this is {name}, not {check.server}, by its health pages: are addresses swapped?")


def _short(name: str) -> str:
    return name.partition(".")[0].casefold()


def _together(ill: Mapping[Vdir, str]) -> str:
    """Return what is wrong, each thing once: `owa, ecp: connection reset; oab: HTTP 404`."""
    by_words: dict[str, list[str]] = {}
    for vdir, words in ill.items():
        by_words.setdefault(words, []).append(vdir)
    return "; ".join(f"{', '.join(vdirs)}: {words}" for words, vdirs in by_words.items())
