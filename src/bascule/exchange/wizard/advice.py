"""What is to be done besides the text, with this farm's names and values in it."""

from collections.abc import Iterator, Sequence

from bascule.config.exchange import Version
from bascule.config.model import Kind
from bascule.exchange.editions import Edition
from bascule.exchange.evidence import Note
from bascule.exchange.service import Affinity, Service, Wish
from bascule.exchange.wizard.answers import Answers

_PORTS = "TechNet Wiki 864, static RPC ports"
_ARRAY = "Exchange team blog, Demystifying the CAS Array Object"


def advice(answers: Answers, edition: Edition, services: Sequence[Service]) -> Iterator[Note]:
    """Yield it, each sentence once: first what is to be done, then why the text is as it is."""
    found = (
        *_machine(answers),
        *(_legacy(answers) if answers.version is Version.E2010 else ()),
        *_mail(answers, services),
        *_redirects(answers),
        *(note for service in services for note in service.notes),
        *_about(edition, answers),
    )
    yield from dict.fromkeys(found)


def _machine(answers: Answers) -> Iterator[Note]:
    if answers.interface:
        yield Note(text=f"Bascule gives {answers.vip} to {answers.interface}, and has it move with a cluster.")
    else:
        yield Note(text=f"{answers.vip} must be an address of this machine; `--interface NAME` has Bascule give it.")
    if answers.admin_port is not None:
        yield Note(text=f"The admin server answers on port {answers.admin_port}: open its pages there from now on.")
    if len(answers.servers) == 1:
        yield Note(text="One server is no farm: while it is down nobody is served.")
    if answers.zones:
        yield Note(
            text=(
                "With a firewall block in the text, what nothing passes is blocked: services stay open, each to its zone, "
                "and the admin server and ssh to the zone internal alone."
            )
        )


def _legacy(answers: Answers) -> Iterator[Note]:
    ports, services = answers.ports, r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\services"
    yield Note(
        text=(
            rf'On every server: {services}\MSExchangeRPC\ParametersSystem, "TCP/IP Port", REG_DWORD, '
            rf'{ports.client_access} (decimal); {services}\MSExchangeAB\Parameters, "RpcTcpPort", REG_SZ, '
            f"{ports.address_book}; then restart Microsoft Exchange RPC Client Access and Microsoft Exchange Address Book."
        ),
        source=_PORTS,
    )
    array, site = answers.array_fqdn or "ARRAY.FQDN", answers.ad_site or "SITE"
    yield Note(
        text=(
            f'In Exchange: New-ClientAccessArray -Name "{array}" -Fqdn "{array}" -Site "{site}", then '
            f'Get-MailboxDatabase | Set-MailboxDatabase -RpcClientAccessServer "{array}".'
        ),
        source="the guide",
    )
    yield Note(text=f"In the DNS inside: {array} is {answers.vip}. Outside that name must not be resolved.", source=_ARRAY)


def _mail(answers: Answers, services: Sequence[Service]) -> Iterator[Note]:
    mail = [service for service in services if service.wish is Wish.SMTP]
    if any(answers.kind(service) is Kind.RELAY for service in mail):
        yield Note(
            text=(
                "Through a relay servers see our address instead of the sender's: a receive connector that trusts it is an "
                "open relay, and Exchange takes 20 connections of one source. Where this machine is the servers' default "
                "gateway, `--gateway` makes SMTP a redirect; else `accept-source-rewrite` says that you know."
            ),
            source="Microsoft Learn, Message rate limits; Allow anonymous relay",
        )
    elif mail:
        yield Note(text="SMTP is a redirect: servers see the senders' own addresses, for connectors and limits.")
    if mail:
        yield Note(
            text="Mail between Exchange servers must not go through the balancer.",
            source="Exchange 2010 help, load balancing; Microsoft Learn, Network ports",
        )


def _redirects(answers: Answers) -> Iterator[Note]:
    if answers.method is Kind.REDIRECT or answers.gateway:
        yield Note(
            text="Hosts of a redirect must have this machine as their default gateway; `bascule doctor` finds others."
        )


def _about(edition: Edition, answers: Answers) -> Iterator[Note]:
    """Yield what holds of the version, but for what speaks of a way to spread clients that was not chosen."""
    usual = not answers.mode or answers.mode == edition.modes[0]
    yield from (note for note in edition.notes if usual or "--mode" not in note.text)
    if not usual:
        yield Note(text="Servers take turns: none is given everybody because it has just started.")
    if any(service.affinity is Affinity.SAME_HOST for service in edition.services) and not answers.https_affinity:
        yield Note(
            text=(
                "HTTPS finds the server that Outlook's RPC has, but by its own check: where RPC alone fails it stays. "
                "`--https-affinity` has both move together."
            ),
        )
