"""Dovecot as IMAP and POP3 of an Exchange server: plain with STARTTLS, and TLS; any user with the password `secret`."""

from pathlib import Path

from bed.certificates import Leaf
from bed.node import Node

_CONFIGURATION = """
base_dir = {at}/run
state_dir = {at}/state
log_path = {at}/log
protocols = imap pop3
login_greeting = {name}
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain login
first_valid_uid = 1
mail_location = maildir:{at}/home/%n
mail_max_userip_connections = 1000
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={at}/home/%n
}}
service imap-login {{
  service_count = 0
}}
service pop3-login {{
  service_count = 0
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


def start(node: Node, name: str, leaf: Leaf, at: Path) -> Path:
    """Start Dovecot on ports 110, 143, 993 and 995; its log holds `user=<NAME>` for each login."""
    home = at / "home"
    home.mkdir(parents=True)
    home.chmod(0o777)  # mailboxes belong to nobody
    configuration = at / "dovecot.conf"
    configuration.write_text(
        _CONFIGURATION.format(at=at, name=name, certificate=leaf.certificate, key=leaf.key), encoding="ascii"
    )
    node.popen(["dovecot", "-F", "-c", str(configuration)])
    return at / "log"
