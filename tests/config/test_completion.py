"""Completion offers what the schema allows at the cursor, and nothing of a later version."""

from typing import Final

import pytest

from bascule.config.completion import expected
from bascule.config.load import load

FORWARD: Final = 'load-balancer { relay "X" { forward to <a> '
BLOCKS: Final = ("", "system { ", "interface eth0 { ", "load-balancer { ", 'load-balancer { relay "X" { ', "firewall { ")


@pytest.mark.parametrize(
    ("before", "offered"),
    [
        ("", ["interface", "load-balancer", "exchange", "firewall", "system"]),
        ("sys", ["system"]),
        ("system ", ["{"]),
        (
            "system { ",
            ["host-name", "authentication", "dns", "metrics", "http-server", "syslog", "mail", "alert", "snmp", "ntp"],
        ),
        ("system { dns { ", ["ADDRESS"]),
        ("system { dns {\n10.0.0.1\n}\nh", ["host-name", "http-server"]),
        ("interface ", ["INTERFACE"]),
        ("interface eth0 {\n\troute ", ["default", "NETWORK"]),
        ('load-balancer { relay "X" { listen on ', ["ADDRESS", "tcp", "udp", "port"]),
        ('load-balancer { relay "X" { listen ', ["on"]),
        ('load-balancer { relay "X" { on ', ["empty", "down", "remove"]),
        ('load-balancer { relay "X" { on down ', ["reset", "keep"]),
        (f"{FORWARD}mode ", ["source-hash", "roundrobin", "random", "loadbalance", "least-states"]),
        (
            f"{FORWARD}check ",
            ["icmp", "tcp", "tls", "http", "https", "exchange", "send", "smtp", "imap", "pop3", "rpc", "script"],
        ),
        (
            f"{FORWARD}check imap ",
            ["tls", "starttls", "login", "port", "interval", "timeout", "fall", "rise", "mode", "slow"],
        ),
        ('load-balancer { redirect "X" { sticky-address ', ["timeout"]),
        ("firewall { ", ["zone", "table", "pass", "block", "reject", "nat"]),
        ("firewall { table <a> { ", ["ADDRESS|NETWORK", "file", "timeout"]),
        ("firewall { block ", ["in", "through", "out"]),
        ("firewall { block in ", ["log", "quick", "on", "proto", "from", "to", "port", "label"]),
        ("firewall { pass in limit rate 5 overload <a> f", ["for", "from", "forward"]),
        ("nonsense { ", []),
        ("system { host-name lb1 ", []),
    ],
)
def test_offer(before: str, offered: list[str]) -> None:
    """The words at the cursor are the schema's, in its order."""
    assert [one.text for one in expected(before)] == offered


def test_every_offered_word_is_understood() -> None:
    """No word that completion offers in a block is called unknown when it is written there."""
    for before in BLOCKS:
        offered = expected(before)
        assert offered
        for one in offered:
            said = load(f"{before}{one.text}{' }' * before.count('{')}").diagnostics
            assert not any("unknown word" in found.message for found in said), (before, one.text, said)
