"""OpenLDAP's slapd on loopback, with a few people and groups, in a folder of its own, as whoever runs the tests."""

import base64
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bed.certificates import Leaf

PASSWORD: Final = "Zw0lf Ü(*)\\"
"""With what a filter or a name would take for something else."""

_CONFIGURATION: Final = """
include {schema}/core.schema
include {schema}/cosine.schema
include {schema}/inetorgperson.schema
modulepath {modules}
moduleload back_mdb
pidfile {at}/pid
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
database mdb
suffix "dc=example,dc=com"
directory {at}/db
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
"""

_PEOPLE: Final = """
dn: dc=example,dc=com
objectClass: domain
dc: example

dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: people
"""

_PERSON: Final = """
dn: uid={name},ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: {name}
cn: {name}
sn: {name}
userPassword:: {password}
"""

_GROUP: Final = """
dn: cn={name},dc=example,dc=com
objectClass: groupOfNames
cn: {name}
member: uid={member},ou=people,dc=example,dc=com
"""


def found() -> str | None:
    """Return the program; None where it is not installed."""
    return shutil.which("slapd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def prepared(at: Path, leaf: Leaf, port: int) -> list[str]:
    """Return the command of one with alice in "Mail Admins" and "Helpdesk", bob in "Helpdesk", and carol in no group."""
    program = found()
    assert program is not None, "whoever asks has looked whether it is there"
    root = Path(program).parents[2]
    (at / "db").mkdir(parents=True)
    configuration = at / "slapd.conf"
    schema, modules = root / "etc/ldap/schema", root / "usr/lib/ldap"
    files = {"certificate": leaf.certificate, "key": leaf.key}
    configuration.write_text(_CONFIGURATION.format(at=at, schema=schema, modules=modules, **files), encoding="utf-8")
    password = base64.b64encode(PASSWORD.encode()).decode()
    people = "".join(_PERSON.format(name=name, password=password) for name in ("alice", "bob", "carol"))
    groups = _GROUP.format(name="Mail Admins", member="alice") + _GROUP.format(name="Helpdesk", member="bob")
    groups += "member: uid=alice,ou=people,dc=example,dc=com\n"
    (at / "people.ldif").write_text(_PEOPLE + people + groups, encoding="utf-8")
    add = [program, "-T", "add", "-f", str(configuration), "-l", str(at / "people.ldif")]
    subprocess.run(add, check=True, capture_output=True, timeout=30)
    return [program, "-f", str(configuration), "-h", f"ldaps://127.0.0.1:{port}", "-d", "0"]


@contextmanager
def running(at: Path, leaf: Leaf) -> Iterator[int]:
    """Run one, and return its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    argv = prepared(at, leaf, port)
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"slapd does not listen, exit code {process.poll()}")
