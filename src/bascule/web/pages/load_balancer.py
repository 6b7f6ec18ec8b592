"""Network > Load balancer: what runs, and what an administrator may do about its hosts."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bascule.service.measured import Detail
from bascule.service.operations import Poll, ShowCounters, ShowHistory, ShowRelays
from bascule.service.permissions import Permission
from bascule.service.results import CopyText, HostRow, Relays
from bascule.web.charts.course import by_place, sessions
from bascule.web.charts.spark import sparkline
from bascule.web.load_balancer.copied import Copied, copied
from bascule.web.load_balancer.orders import WISHES, orders, wish
from bascule.web.load_balancer.tree import homes, host_of, large, service, tree
from bascule.web.visit import Visit, action, page
from bascule.web.working_copy import copy_of

HOME: Final = "/network/load-balancer"
_LONGEST_WORDS: Final = 200
_MOST_LINES: Final = 100
"""Hosts whose last hour is drawn."""
_PARTS: Final = 36
"""Of a line."""


async def shown(visit: Visit) -> Response:
    """Show everything that runs, and what the working copy has besides."""
    relays = await visit.ask(ShowRelays(recent=True))
    counters = None if large(relays) else await visit.ask(ShowCounters(recent=True))
    copy = await copy_of(visit) if visit.may(Permission.DEPLOY) else None
    wanted = (visit.query.get("find") or visit.query.get("host", ""))[:_LONGEST_WORDS]
    has = Copied() if copy is None else await visit.site.texts.read(copied, copy.text)
    running = {(row.type, row.name) for row in relays.relays}
    in_copy = {(each.kind, each.name) for each in has.services}
    routing, routed = {row.name for row in relays.routers}, {each.name for each in has.routers}
    return visit.page(
        "load_balancer.html",
        tree=tree(relays, counters, wanted),
        lines=await _lines(visit, relays),
        wanted=wanted,
        copied=has,
        changed=_changed(copy),
        waiting=[each for each in has.services if (each.kind, each.name) not in running],
        leaving=[row for row in relays.relays if copy is not None and (row.type, row.name) not in in_copy],
        routers_waiting=[each for each in has.routers if each.name not in routing],
        routers_leaving=[row for row in relays.routers if copy is not None and row.name not in routed],
    )


async def one_service(visit: Visit) -> Response:
    """Show one relay or redirect."""
    relays = await visit.ask(ShowRelays(recent=True))
    counters = None if large(relays) else await visit.ask(ShowCounters(recent=True))
    found = service(relays, counters, visit.query.get("name", ""))
    if found is None:
        raise HTTPException(404, "no relay or redirect of that name runs")
    lines = await _lines(visit, relays, found.row.name)
    return visit.page("load_balancer_service.html", service=found, lines=lines)


async def ask_host(visit: Visit) -> Response:
    """Ask what to do about a host, and what shall become of its sessions."""
    relays = await visit.ask(ShowRelays(recent=True))
    relay, name = visit.query.get("relay", ""), visit.query.get("host", "")
    return _host_page(visit, relays, _host(relays, relay, name), relay, visit.query.get("action", ""))


async def order_host(visit: Visit) -> Response:
    """Order it."""
    relay, name = visit.form.one("relay"), visit.form.one("host")
    wanted = orders(visit.form, name, relay)
    if isinstance(wanted, str):
        relays = await visit.ask(ShowRelays(recent=True))
        return _host_page(visit, relays, _host(relays, relay, name), relay, visit.form.one("action"), wanted)
    done = [await visit.ask(each) for each in wanted]
    said = "; ".join((*(each.sentence for each in done), *(words for each in done for words in each.warnings)))
    return visit.go(_back(visit.form.one("back")), said)


async def poll(visit: Visit) -> Response:
    """Check every host now."""
    polled = await visit.ask(Poll())
    late = f", {polled.late} late" if polled.late else ""
    return visit.go(_back(visit.form.one("back")), f"checked now: {polled.up} of {polled.checks} up{late}")


async def _lines(visit: Visit, relays: Relays, relay: str | None = None) -> Mapping[tuple[str, str], Markup]:
    """Return the last hour's sessions of each host as a line, by service and address; none where there are very many."""
    hosts = sum(len(table.hosts) for row in relays.relays if relay in {None, row.name} for table in row.tables)
    if not 0 < hosts <= _MOST_LINES:
        return {}
    history = await visit.ask(ShowHistory(relay=relay, buckets=_PARTS, detail=Detail.HOSTS))
    rows = by_place(history, most=None)
    return {(at.relay, at.address): sparkline(sessions(history, each)) for at, each in rows.items() if at.address}


def _host(relays: Relays, relay: str, name: str) -> HostRow:
    found = host_of(relays, relay, name)
    if found is None:
        raise HTTPException(404, "no such host runs in that relay or redirect")
    return found


def _host_page(visit: Visit, relays: Relays, host: HostRow, relay: str, action: str, wrong: str = "") -> Response:  # noqa: PLR0917
    return visit.page(
        "load_balancer_host.html",
        code=422 if wrong else 200,
        host=host,
        relay=relay,
        homes=homes(relays, host),
        wishes=WISHES,
        wish=wish(action),
        wrong=wrong,
        sent=visit.form,
    )


def _changed(copy: CopyText | None) -> bool:
    """Tell whether somebody has a working copy that is not what was committed last."""
    return copy is not None and copy.at is not None


def _back(wanted: str) -> str:
    """Return the page to go back to: one of ours here."""
    return wanted if wanted == "/system/load-balancer" else HOME


def service_path(name: str) -> str:
    """Return where a service has its page."""
    return f"{HOME}/service?{urlencode({'name': name})}"


ROUTES: Final = (
    page(HOME, shown),
    page("/system/load-balancer", shown),
    page(f"{HOME}/service", one_service),
    page(f"{HOME}/host", ask_host, permission=Permission.OPERATE),
    action(f"{HOME}/host", order_host, permission=Permission.OPERATE),
    action(f"{HOME}/poll", poll, permission=Permission.OPERATE),
)
