"""Runs a command, and says on standard error why it was not done."""

from collections.abc import Callable

from bascule.cli.report import complain
from bascule.cli.screen import Screen
from bascule.cli.source import UsageError
from bascule.service.failures import ExitCode, OperationFailed


def perform(command: Callable[[], int], screen: Screen) -> int:
    """Return what a command ends with; what it was refused for, or what is wrong with what it was told, is said."""
    try:
        return command()
    except OperationFailed as failed:
        return complain(screen, failed)
    except UsageError as error:
        screen.complain("bascule: ", str(error))
        return ExitCode.USAGE
    finally:
        screen.flush()
