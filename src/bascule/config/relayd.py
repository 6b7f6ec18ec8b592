"""What relayd's and pf's words are here, for those who bring a configuration along."""

from types import MappingProxyType
from typing import Final

_STRANGE: Final = MappingProxyType(
    {
        "af-to": "addresses are not translated between IP versions",
        "agentx": "SNMP is no statement of the load balancer",
        "all": "leave it out: what a rule does not narrow is everything",
        "anchor": "Bascule keeps to a table of its own; there are no anchors",
        "binary": "write `send` with escapes instead",
        "demote": "the cluster looks at hosts and interfaces by itself",
        "destination": "Bascule forwards to tables only",
        "digest": "write `expect` with a text that the page must hold",
        "disabled": "the word is `disable`",
        "divert-to": "write `forward to`, or a relay",
        "flags": "leave it out: new sessions begin with SYN alone",
        "http-protocol": "Bascule works at layer 4 and does not look into HTTP",
        "include": "a configuration is one text",
        "inet": "the addresses tell the family",
        "inet6": "the addresses tell the family",
        "keep": "leave it out: every rule is for new sessions, and answers pass",
        "log": "events are logged always",
        "match": "the first rule that matches decides; write `pass` or `block`",
        "max-src-conn": "write `limit sessions`",
        "max-src-conn-rate": "write `limit rate`",
        "modulate": "leave it out: every rule is for new sessions, and answers pass",
        "nat-to": "write a `nat on ZONE from ZONE` line",
        "parent": "each host is probed by itself",
        "pftag": "rules for relays are made by themselves",
        "prefork": "write `workers` for the number of proxy processes",
        "priority": "write `weight` to give a host more or fewer clients; gateways of a router stand in their order",
        "protocol": "Bascule works at layer 4: TLS and HTTP pass through untouched",
        "proxy-protocol": "Exchange does not read it",
        "queue": "Bascule does not shape traffic",
        "rdr-to": "write `forward to`",
        "rtable": "routes of a router stand in the main table",
        "rtlabel": "routes of ours are told by their protocol number, 181",
        "set": "there are no options to set",
        "skip": "loopback is never filtered",
        "socket": "the control socket is named on the command line",
        "ssl": "TLS ends at the server, so a relay needs no certificate",
        "synproxy": "sessions are picked up in mid-stream after a failover, so nobody can stand in for a server",
        "tag": "rules have no tags; name a zone or a table",
        "tagged": "rules have no tags; name a zone or a table",
        "tls": "TLS ends at the server, so a relay needs no certificate",
        "transparent": "a relay rewrites the source; a redirect will keep the client's address",
    }
)


def strange(word: str) -> str:
    """Return a hint on a word of relayd or pf that is none of ours, or an empty string."""
    if word.startswith("$"):
        return "there are no macros; write the value"
    return _STRANGE.get(word, "")
