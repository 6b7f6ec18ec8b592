"""What a running Bascule thinks of a text."""

from bascule.config.diagnostics import Diagnostic
from bascule.service.result import Result


class Checked(Result, frozen=True, kw_only=True, tag="checked"):
    """What is wrong or doubtful with a text on this machine."""

    diagnostics: tuple[Diagnostic, ...] = ()
