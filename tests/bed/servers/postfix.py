"""Postfix as the transport of an Exchange server: SMTP with STARTTLS; it takes mail for anyone and throws it away."""

import shutil
from pathlib import Path

from bed.certificates import Leaf
from bed.node import Node

_MAIN = """
compatibility_level = 3.6
queue_directory = {at}/spool
data_directory = {at}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
myhostname = {name}.lab.local
mydestination = lab.local
mynetworks = 0.0.0.0/0, [::]/0
inet_interfaces = all
smtpd_peername_lookup = no
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_client_connection_count_limit = 0
local_recipient_maps =
local_transport = discard:
alias_maps =
alias_database =
maillog_file = {at}/log
maillog_file_prefixes = {at}
"""

_MASTER = """
smtp      inet n - n -   100 smtpd
pickup    unix n - n 60  1   pickup
cleanup   unix n - n -   0   cleanup
qmgr      unix n - n 300 1   qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n -   -   trivial-rewrite
bounce    unix - - n -   0   bounce
defer     unix - - n -   0   bounce
flush     unix n - n 1000? 0 flush
discard   unix - - n -   -   discard
error     unix - - n -   -   error
anvil     unix - - n -   1   anvil
scache    unix - - n -   1   scache
postlog   unix-dgram n - n - 1 postlogd
"""


def start(node: Node, name: str, leaf: Leaf, at: Path) -> Path:
    """Start Postfix on port 25; its log holds `from=<SENDER>` for each message."""
    etc, data = at / "etc", at / "data"
    for directory in (etc, at / "spool", data):
        directory.mkdir(parents=True)
    shutil.chown(data, "postfix")
    main = _MAIN.format(at=at, name=name, certificate=leaf.certificate, key=leaf.key)
    (etc / "main.cf").write_text(main, encoding="ascii")
    (etc / "master.cf").write_text(_MASTER, encoding="ascii")
    with (at / "out").open("wb") as out:
        node.popen(["postfix", "-c", str(etc), "start-fg"], stdout=out, stderr=out)
    return at / "log"
