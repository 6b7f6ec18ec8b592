"""The menu: where each page is, in the words of the guide; `path` begins the paths of a page and of what it leads to."""

from dataclasses import dataclass
from typing import Final

from bascule.service.permissions import Permission


@dataclass(frozen=True, slots=True)
class Entry:
    """A page."""

    label: str
    path: str
    permission: Permission = Permission.VIEW


@dataclass(frozen=True, slots=True)
class Group:
    """Pages that belong together; one without a name stands for itself."""

    label: str
    entries: tuple[Entry, ...]


MENU: Final = (
    Group("", (Entry("Overview", "/"), Entry("Graphs", "/graphs"))),
    Group(
        "Network",
        (
            Entry("Load balancer", "/network/load-balancer"),
            Entry("Interfaces", "/network/interfaces"),
            Entry("Routes", "/network/routes"),
            Entry("Firewall", "/network/firewall"),
            Entry("Sessions", "/network/sessions"),
            Entry("Client", "/network/client"),
            Entry("Exchange", "/network/exchange"),
            Entry("Log", "/network/log"),
            Entry("Capture", "/network/capture", Permission.OPERATE),
        ),
    ),
    Group(
        "Configuration",
        (
            Entry("Deploy working copy", "/configuration/deploy", Permission.DEPLOY),
            Entry("Editor", "/configuration/editor", Permission.DEPLOY),
            Entry("History", "/configuration/history"),
            Entry("Backups", "/configuration/backups"),
        ),
    ),
    Group(
        "System",
        (
            Entry("Load balancer", "/system/load-balancer"),
            Entry("Administration", "/system/administration"),
            Entry("Basic settings", "/system/basic-settings", Permission.DEPLOY),
            Entry("Alerts and monitoring", "/system/monitoring"),
            Entry("Users", "/system/users"),
            Entry("Audit log", "/system/audit"),
        ),
    ),
)
