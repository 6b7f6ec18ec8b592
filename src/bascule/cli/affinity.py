"""`exchange affinity` for people: who has which host, and what is wrong with that."""

from collections.abc import Iterator

from rich.text import Text

from bascule.cli.screen import BAD, DOUBTFUL, GOOD, QUIET, STRONG, Screen, styled
from bascule.cli.wording import counted
from bascule.service.affinity import AffinityReport, BondRow, ClientService

_UNEVEN = 1.5
"""Times its due, from which on a host has far too much."""


def say_affinity(report: AffinityReport, screen: Screen) -> None:
    """Print a report."""
    if report.client is not None:
        screen.say(styled(report.client, STRONG), " gets")
        screen.table(("Service", "Group", "Place", "Host", "If that fails", "Why"), map(_service, report.services))
        screen.say("")
    for bond in report.bonds:
        screen.say(*_headline(bond))
        if bond.sessions:
            rows = [
                (
                    each.host,
                    str(each.clients),
                    str(each.sessions),
                    f"{each.sessions / bond.sessions:.1%}",
                    f"{each.due:.1%}",
                )
                for each in bond.shares
            ]
            screen.table(("  Host", "Clients", "Sessions", "Share", "Due"), [(f"  {name}", *rest) for name, *rest in rows])
        for client in bond.split:
            screen.say(styled("  split: ", BAD), f"{client.client} is with {' and '.join(client.hosts)}")
        if len(bond.split) < bond.split_total:
            screen.say(styled(f"  and {bond.split_total - len(bond.split)} more", QUIET))
    if not report.bonds:
        screen.say("no service ties a client to one host: any of them may serve any session")
    for source in report.sources:
        words = f"{source.client} has {counted(source.sessions, 'session')}, with {', '.join(source.hosts)}"
        screen.say(styled("many behind one address: ", DOUBTFUL), words)
    for words in report.advice:
        screen.say(styled("advice: ", DOUBTFUL), words)
    for words in report.notes:
        screen.say(styled("note: ", DOUBTFUL), words)


def _headline(bond: BondRow) -> Iterator[Text | str]:
    yield styled(bond.name, STRONG)
    members = "" if bond.name.endswith(f" {bond.relays[0]}") else f" ({', '.join(bond.relays)})"
    yield f"{members}: {counted(bond.clients, 'client')}, {counted(bond.sessions, 'session')}, "
    yield styled(f"{bond.split_total} split", BAD if bond.split_total else GOOD)
    if bond.sessions:
        style = DOUBTFUL if bond.unevenness > _UNEVEN else ""
        yield styled(f", fullest host {bond.unevenness:.2f} times its due", style)


def _service(said: ClientService) -> tuple[Text | str, ...]:
    then = {failed.host: failed.then or "nobody" for failed in said.failing}.get(said.host or "", "")
    nobody = styled("any", QUIET) if said.served else styled("nobody", BAD)
    host = styled(said.host, GOOD) if said.host else nobody
    return said.relay, said.group, f"{said.to} port {said.port}", host, then, said.reason
