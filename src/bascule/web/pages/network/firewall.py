"""Network > Firewall: the rules in their order, what each has decided about, port forwards, and a packet to try."""

from collections.abc import Callable
from typing import Final

from starlette.responses import Response

from bascule.config.diagnostics import Diagnostic, Severity
from bascule.config.editing.edited import Edited
from bascule.config.editing.port_forward import PortForwardAnswers, port_forward
from bascule.config.editing.rules import WrittenFirewall, WrittenRule, change, firewall_of, move, remove
from bascule.config.editing.setting import put
from bascule.config.editing.spelling import from_arguments, from_line
from bascule.config.firewall import Protocol
from bascule.service.failures import Failure, OperationFailed, Rejected, describe
from bascule.service.firewall import ShowFirewall
from bascule.service.network import ShowInterfaces
from bascule.service.operations import Explain
from bascule.service.permissions import Permission
from bascule.service.results import Explanation
from bascule.web.network.ruleset import ruleset
from bascule.web.numbers import number_in
from bascule.web.pages.network.words import asked, kept
from bascule.web.visit import Visit, action, page
from bascule.web.working_copy import Change, copy_of, edit

PATH: Final = "/network/firewall"
SHOWN: Final = 200
"""Rules on a page."""

_LONGEST: Final = 1000
"""Characters of a rule in the address of a page."""

_LAST_LINE: Final = 10**9


async def firewall(visit: Visit) -> Response:
    """Show the rules, with those of the working copy where they are others; and what becomes of a packet."""
    return await _shown(visit)


async def add_rule(visit: Visit) -> Response:
    """Put a rule behind the others of its kind."""
    words = visit.form.one("words")

    def added(text: str) -> Edited:
        found: list[Diagnostic] = []
        read = from_line(f"firewall {words}", found.append)
        return Edited(text=text, words=words, diagnostics=tuple(found)) if found else put(text, read)

    return await _edited(visit, added, "the rule was added", "rule")


async def add_forward(visit: Visit) -> Response:
    """Put a port forward in."""
    form = visit.form
    names = ("zone", "address", "port", "target", "target_port", "label")
    answers = PortForwardAnswers(protocol=form.one("protocol", "tcp"), **{name: form.one(name) for name in names})
    words = from_arguments(port_forward(answers))
    return await _edited(visit, lambda text: put(text, words), "the port forward was added", "forward")


async def order_rule(visit: Visit) -> Response:
    """Move a rule, or take it out."""
    rule, order = _rule(visit.form.one("line"), visit.form.one("words")), visit.form.one("order")
    orders: dict[str, tuple[Callable[[str], Edited], str]] = {
        "up": (lambda text: move(text, rule, -1), "the rule was moved up"),
        "down": (lambda text: move(text, rule, 1), "the rule was moved down"),
        "remove": (lambda text: remove(text, rule), "the rule was removed"),
    }
    done, said = orders.get(order, orders["down"])
    return await _edited(visit, done, said, "rules")


async def one_rule(visit: Visit) -> Response:
    """Show one rule to change."""
    words, line, first = (visit.query.get(name, "")[:_LONGEST] for name in ("words", "line", "from"))
    return visit.page("network/rule.html", line=line, old=words, words=words, first=first, wrong=())


async def change_rule(visit: Visit) -> Response:
    """Have a rule say something else."""
    form = visit.form
    line, old, words = form.one("line"), form.one("old"), form.one("words")
    outcome = await edit(visit, lambda text: change(text, _rule(line, old), words))
    if outcome.refused:
        shown = {"line": line, "old": old, "words": words, "first": form.one("from")}
        return visit.page("network/rule.html", code=422, wrong=outcome.refused, **shown)
    return visit.go(_path(form.one("from")), kept(outcome, "the rule was changed"))


async def _edited(visit: Visit, done: Change, said: str, where: str) -> Response:
    outcome = await edit(visit, done)
    if outcome.refused:
        return await _shown(visit, wrong={where: outcome.refused})
    return visit.go(_path(visit.form.one("from")), kept(outcome, said))


async def _shown(visit: Visit, wrong: dict[str, tuple[Diagnostic, ...]] | None = None) -> Response:
    shown = await visit.ask(ShowFirewall(counters=True, walk=True))
    may = visit.may(Permission.DEPLOY)
    if may:
        written = await visit.site.texts.read(firewall_of, (await copy_of(visit)).text)
    else:
        written = WrittenFirewall(tuple(WrittenRule(row.line or 0, row.rule) for row in shown.walk if not row.cause))
    rules = ruleset(shown.walk, written.rules)
    first = min(_number(visit.query.get("from", "")), max(0, len(rules.own) - 1) // SHOWN * SHOWN)
    tried, failed = await _tried(visit)
    return visit.page(
        "network/firewall.html",
        code=422 if wrong else 200,
        rules=rules,
        first=first,
        shown=SHOWN,
        judged=bool(shown.walk),
        note=shown.note,
        zones=written.zones,
        interfaces=[row.name for row in (await visit.ask(ShowInterfaces())).interfaces],
        protocols=[protocol.value for protocol in Protocol],
        tried=tried,
        failed=failed,
        wrong=wrong or {},
        form=visit.form,
        query=visit.query,
    )


async def _tried(visit: Visit) -> tuple[Explanation | None, str]:
    """Return what becomes of the packet that somebody asks about, or why that cannot be said."""
    query = visit.query
    if not query.get("client"):
        return None, ""
    values = {name: query.get(name, "").strip() for name in ("port", "to", "protocol", "interface")}
    copy = True if query.get("of") == "copy" else None
    request = asked(Explain, {**values, "clients": (query["client"].strip(),), "working_copy": copy, "rules": True})
    if request is None:
        return None, "a packet has a client's address, and a port of 1 to 65535"
    try:
        return (await visit.ask(request)).explanations[0], ""
    except OperationFailed as refused:
        return None, _refusal(refused.failure)


def _refusal(failure: Failure) -> str:
    """Return why a packet could not be tried, in one sentence: of a text that is refused, its first mistake."""
    if not isinstance(failure, Rejected):
        return describe(failure)
    first = next(each for each in failure.diagnostics if each.severity is Severity.ERROR)
    return f"your working copy cannot be deployed. Line {first.span.line}: {first.message}"


def _rule(line: str, words: str) -> WrittenRule:
    return WrittenRule(_number(line), words)


def _number(word: str) -> int:
    """Return a number that somebody may have written; 0 for what is none."""
    return number_in(word, 0, _LAST_LINE) or 0


def _path(first: str) -> str:
    """Return the page whose first rule is that."""
    return f"{PATH}?from={_number(first)}#rules" if _number(first) else f"{PATH}#rules"


ROUTES: Final = (
    page(PATH, firewall),
    page(f"{PATH}/rule", one_rule, permission=Permission.DEPLOY),
    action(f"{PATH}/rule", change_rule, permission=Permission.DEPLOY),
    action(f"{PATH}/order", order_rule, permission=Permission.DEPLOY),
    action(f"{PATH}/add", add_rule, permission=Permission.DEPLOY),
    action(f"{PATH}/forward", add_forward, permission=Permission.DEPLOY),
)
