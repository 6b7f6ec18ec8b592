"""Samba's endpoint mapper, without the rest of Samba: the service on port 135 that Outlook asks where to find Exchange."""

from pathlib import Path

from bed.node import Node

_CONFIGURATION = """
[global]
server role = standalone server
rpc start on demand helpers = no
workgroup = LAB
netbios name = {name}
log level = 0 rpc_srv:10 rpc_parse:10
max log size = 0
private dir = {at}/private
lock directory = {at}/lock
state directory = {at}/state
cache directory = {at}/cache
pid directory = {at}/pid
ncalrpc dir = {at}/ncalrpc
"""

_DAEMON = "/usr/libexec/samba/samba-dcerpcd"


def start(node: Node, name: str, at: Path) -> Path:
    """Start the endpoint mapper on port 135; its log shows each request whole, with the object that it asks for."""
    for directory in ("private", "lock", "state", "cache", "pid", "ncalrpc"):
        (at / directory).mkdir(parents=True)
    configuration = at / "smb.conf"
    configuration.write_text(_CONFIGURATION.format(at=at, name=name), encoding="ascii")
    node.popen([_DAEMON, "--libexec-rpcds", "-F", "--no-process-group", "-s", str(configuration), "-l", str(at)])
    return at / "log.rpcd_epmapper"
