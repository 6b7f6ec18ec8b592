"""Mails get to a server that we did not write, and what stands in their way is said as it was answered."""

import contextlib
import socket
import ssl
import sys
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path

import msgspec
import pytest

from bascule.herald import mail
from bascule.herald.fault import explained
from bascule.herald.wire import SendMail
from bed.certificates import Authority
from bed.layout import Layout
from bed.netlab import NetLab
from bed.servers import postfix
from bed.wait import until

NOW = datetime(2026, 9, 21, 14, 13, tzinfo=UTC)
ORDER = SendMail(
    number=1,
    host="127.0.0.1",
    port=25,
    sender="bascule@lb1.example.com",
    to="a@example.com",
    subject="Jörg",
    text="x\n.\ny",
)


@contextlib.contextmanager
def server(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Have one connection served in a thread; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    serve(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


def fault(order: SendMail) -> str:
    """Return what stands in the way of a mail, in words."""
    try:
        mail.send(order, lambda: NOW)
    except Exception as error:  # noqa: BLE001 - whatever it is must have words
        return explained(error)
    return ""


def answering(*answers: bytes, heard: list[bytes] | None = None) -> Callable[[socket.socket], None]:
    """Return a server that greets, and answers each line with the next of these."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"220 mail.example.com\r\n")
        with connection.makefile("rb") as lines:
            for answer in answers:
                line = lines.readline()
                if line:
                    (heard if heard is not None else []).append(line)
                    connection.sendall(answer)

    return serve


def test_a_mail_reads_as_it_was_meant() -> None:
    """Whom it is from and to, when, that a machine wrote it, and letters beyond ASCII."""
    told = message_from_bytes(bytes(mail.message(ORDER, NOW)))
    assert (told["From"], told["To"]) == ("bascule@lb1.example.com", "a@example.com")
    assert told["Date"] == "Mon, 21 Sep 2026 14:13:00 +0000"
    assert told["Auto-Submitted"] == "auto-generated"
    assert str(make_header(decode_header(told["Subject"]))) == "Jörg"


EHLO = b"250-mail\r\n250 AUTH PLAIN\r\n"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (
            [b"250 mail\r\n", b"250 ok\r\n", b"550 5.1.1 no such user\r\n"],
            "it refuses the recipient: 550 5.1.1 no such user",
        ),
        ([b"250 mail\r\n", b"553 not you\r\n"], "it answered 553 not you"),
        ([b"554 go away\r\n", b"554 go away\r\n"], "it answered 554 go away"),
        (
            [b"250 mail\r\n", b"250-x\r\n" * 20_000],
            "it answers in a way that is not understood: Connection unexpectedly closed: it talks too much",
        ),
    ],
)
def test_what_a_server_refuses_is_said(answers: list[bytes], words: str) -> None:
    """With its own words; an answer without end is cut."""
    with server(answering(*answers)) as port:
        assert fault(msgspec.structs.replace(ORDER, port=port)) == words


def test_nobody_there_and_a_server_without_starttls() -> None:
    """A mail that is to go in TLS goes in no other way."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    assert fault(msgspec.structs.replace(ORDER, port=port)) == "Connection refused"
    with server(answering(b"250 mail\r\n")) as port:
        words = fault(msgspec.structs.replace(ORDER, port=port, starttls=True))
    assert words == "it answers in a way that is not understood: STARTTLS extension not supported by server."


def test_a_server_that_takes_it_and_hangs_up_has_it() -> None:
    """It was told that the mail is taken: it would get it again, and again."""

    def hang_up(connection: socket.socket) -> None:
        connection.sendall(b"220 mail.example.com\r\n")
        with connection.makefile("rb") as lines:
            while lines.readline().lower() != b"data\r\n":
                connection.sendall(b"250 ok\r\n")
            connection.sendall(b"354 go on\r\n")
            while lines.readline() != b".\r\n":
                pass
            connection.sendall(b"250 taken\r\n")

    with server(hang_up) as port:
        assert not fault(msgspec.structs.replace(ORDER, port=port))


def test_a_server_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then keeps no thread for longer than a mail may take."""
    monkeypatch.setattr(mail, "LONGEST", 0.3)

    def drip(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"2")
                threading.Event().wait(0.05)

    with server(drip) as port:
        assert fault(msgspec.structs.replace(ORDER, port=port)) == "it does not answer in time"


def test_it_logs_in_within_tls_alone_and_judges_the_certificate(tmp_path: Path) -> None:
    """The server's authority is the one that is named; a stranger's certificate gets no password."""
    authority = Authority(tmp_path)
    leaf = authority.leaf("localhost", "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf.certificate, leaf.key)
    heard: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(ssl.SSLError), context.wrap_socket(connection, server_side=True) as encrypted:
            answering(EHLO, b"535 5.7.8 wrong password\r\n", b"221 bye\r\n", heard=heard)(encrypted)

    order = msgspec.structs.replace(ORDER, tls=True, user="bascule", password="s3cret")
    with server(serve) as port:
        assert fault(msgspec.structs.replace(order, port=port)).startswith("its certificate is not believed: ")
    assert heard == []
    with server(serve) as port:
        words = fault(msgspec.structs.replace(order, port=port, authority=str(authority.certificate)))
    assert words == "it answered 535 5.7.8 wrong password"
    assert b64decode(heard[1].split()[2]) == b"\0bascule\0s3cret"
    assert "s3cret" not in repr(order)


@pytest.mark.kernel
@pytest.mark.daemons
def test_postfix_takes_it(lab: Callable[[Layout], NetLab], open_directory: Path) -> None:
    """With STARTTLS and a certificate that is judged, from the sender to the recipient."""
    node = lab(Layout(clients=0, lbs=1, servers=1))["srv1"]
    authority = Authority(open_directory)
    leaf = authority.leaf("mail.example.com", node.ip)
    log = postfix.start(node, "mail", leaf, open_directory / "postfix")
    order = msgspec.structs.replace(ORDER, host=node.ip, starttls=True, authority=str(authority.certificate))
    (open_directory / "order").write_bytes(msgspec.json.encode(order))
    program = (
        "import sys; from datetime import UTC, datetime; import msgspec; from bascule.herald import mail, wire;"
        "mail.send(msgspec.json.decode(open(sys.argv[1]).read(), type=wire.SendMail), lambda: datetime.now(UTC))"
    )

    def sent() -> bool:
        command = (sys.executable, "-c", program, str(open_directory / "order"))
        return node.run(*command, check=False).returncode == 0

    until(sent, what="Postfix takes the mail")
    until(lambda: "from=<bascule@lb1.example.com>" in log.read_text(), what="it is in Postfix's log")
    until(lambda: "starttls=1 mail=1 rcpt=1 data=1 quit=1" in log.read_text(), what="it came by STARTTLS, and whole")
