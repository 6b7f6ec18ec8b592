"""What may stand behind `bascule alert`, and the help that says so."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from bascule.cli.command import Command
from bascule.cli.paths import Places

_AddParser: TypeAlias = Callable[..., argparse.ArgumentParser]


def add_alert(add_parser: _AddParser, places: Places) -> None:
    """Add `alert` with what it does."""
    about = "try the alerts of the configuration"
    alert = add_parser("alert", help=about, description=f"{about}.".capitalize(), allow_abbrev=False)
    summary = "send a test to everybody whom an alert tells, and say what came of it"
    add_action = alert.add_subparsers(metavar="ACTION", required=True).add_parser
    test = add_action("test", help=summary, description=f"{summary}.".capitalize(), allow_abbrev=False)
    test.add_argument("name", metavar="NAME", nargs="?", help="the alert (default: all)")
    test.add_argument("--json", action="store_true", help="print one JSON object a line")
    test.add_argument(
        "--socket", metavar="PATH", type=Path, default=places.socket, help="the control socket (default: %(default)s)"
    )
    test.set_defaults(command=Command("alert.test"))
