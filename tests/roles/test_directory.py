"""The directory process asks OpenLDAP's slapd, by processes as the parent starts them."""

import asyncio
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from bascule.config.directory import Directory, DirectoryGroup, DirectoryServer
from bascule.directory.wire import Answer, Member, Question, Server, Silent, Stranger
from bascule.service.local.logins.asking import ask
from bascule.service.local.logins.directory import DirectoryLogins
from bascule.service.permissions import Role
from bascule.system.children import OwnChildren
from bed.certificates import Authority
from bed.servers import slapd

pytestmark = pytest.mark.skipif(slapd.found() is None, reason="no slapd installed")
ENTRY = "uid={name},ou=people,dc=example,dc=com"
ADMINS, HELPDESK = "cn=Mail Admins,dc=example,dc=com", "cn=Helpdesk,dc=example,dc=com"


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return who signs the server's certificate."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(trusted: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Return a server whose certificate has its address."""
    with slapd.running(tmp_path_factory.mktemp("slapd"), trusted.leaf("127.0.0.1")) as running:
        yield running


async def asked(
    server: Server, name: str = "alice", password: str = slapd.PASSWORD, groups: tuple[str, ...] = (ADMINS, HELPDESK)
) -> Answer:
    """Return what a process says."""
    question = Question(server=server, entry=ENTRY, groups=groups, name=name, password=password)
    return await ask(OwnChildren(), question)


async def test_people_have_their_groups(server: int, trusted: Authority) -> None:
    """Whoever is in none, or gives another password, too; and a group that is not there has no members."""
    there = Server(host="127.0.0.1", port=server, authority=str(trusted.certificate))
    others = ("cn=Nobody,dc=example,dc=com", "cn=X,dc=elsewhere", "nosuchtype=X,dc=example,dc=com")
    answers = await asyncio.gather(
        asked(there, groups=(*others, ADMINS, HELPDESK)),
        asked(there, "carol"),
        asked(there, "carol", "wrong"),
        asked(there, "dave", "odd \x07\u200b"),
    )
    assert tuple(answers) == (Member(name="alice", groups=(3, 4)), Member(name="carol"), Stranger(), Stranger())


async def test_a_server_that_cannot_prove_itself_hears_no_password(server: int, trusted: Authority, tmp_path: Path) -> None:
    """Signed by somebody else, under another name, or with an authority's file that is none."""
    (tmp_path / "other").mkdir()
    other = str(Authority(tmp_path / "other").certificate)
    cases = (
        ("127.0.0.1", other, "its certificate is not believed: "),
        ("localhost", str(trusted.certificate), "its certificate is not believed: Hostname mismatch"),
        ("nowhere.invalid", str(trusted.certificate), "its name is not known"),
        ("127.0.0.1", str(tmp_path / "none.pem"), "none.pem cannot be read as certificates: No such file"),
    )
    answers = (asked(Server(host=host, port=server, authority=authority)) for host, authority, _ in cases)
    for answer, (_, _, fault) in zip(await asyncio.gather(*answers), cases, strict=True):
        assert isinstance(answer, Silent)
        assert fault in answer.fault


async def test_the_next_server_answers_for_one_that_is_down(server: int, trusted: Authority) -> None:
    """And what was wrong with it is said."""
    authority, told = str(trusted.certificate), list[str]()
    directory = Directory(
        servers=(
            DirectoryServer(host="127.0.0.1", port=9, authority=authority),
            DirectoryServer(host="127.0.0.1", port=server, authority=authority),
        ),
        entry=ENTRY,
        groups=(DirectoryGroup(name=HELPDESK, role="operator"),),
    )
    logins = DirectoryLogins(
        lambda: directory, partial(ask, OwnChildren()), clock=lambda: 0.0, note=lambda words, _: told.append(words)
    )
    known = await logins.known("Bob", slapd.PASSWORD, "10.0.0.1")
    assert known is not None
    assert (known.name, known.role) == ("bob@ldap", Role.OPERATOR)
    assert told == ["ldap server 127.0.0.1:9 cannot be asked: Connection refused"]


async def test_a_server_that_says_nothing_is_given_up(trusted: Authority) -> None:
    """The process ends with the parent's patience, whatever it waits for."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        server = Server(host="127.0.0.1", port=mute.getsockname()[1], authority=str(trusted.certificate))
        question = Question(server=server, entry=ENTRY, groups=(ADMINS,), name="alice", password=slapd.PASSWORD)
        assert await ask(OwnChildren(), question, 0.8) == Silent(fault="it does not answer in time")
