"""Orders to a simulated server that runs, a line each: faults on demand."""

from pathlib import Path

from bascule.lab.machine import PageFault
from bascule.lab.server import SimulatedExchange


def obey(server: SimulatedExchange, line: str) -> None:
    """Do what a line says. Raises ValueError for what is no order, OSError for a file that cannot be read.

    `page FOLDER FAULT|well`, `maintenance on|off`, `name NAME` (what it calls itself), `mailbox USER PASSWORD` (the one
    that may log in), `certificate FILE` (certificate and key in PEM).
    """
    machine = server.machine
    match line.split():
        case ["page", folder, "well"]:
            machine.pages.pop(folder, None)
        case ["page", folder, fault]:
            machine.pages[folder] = PageFault(fault)
        case ["maintenance", "on" | "off" as said]:
            machine.in_maintenance = said == "on"
        case ["name", name]:
            machine.name = name
        case ["mailbox", user, password]:
            machine.mailboxes = {user: password}
        case ["certificate", path]:
            server.present(Path(path).read_bytes())
        case _:
            raise ValueError(f"no order: {line!r}")
