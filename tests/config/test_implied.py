"""What a text says without writing it, where it is deployed."""

from pathlib import Path

from bascule.config.diagnose import diagnose
from bascule.config.diagnostics import Severity
from bascule.config.implied import deployed
from bascule.config.load import load
from config.test_corpus import CORPUS, MACHINE

RELAY = 'load-balancer { table <a> { 10.80.2.1 }; relay "X" {\nlisten on port 443\nforward to <a> } }\n'


def said(text: str) -> list[tuple[Severity, int, str]]:
    """Return what is said of a text that is deployed."""
    configuration = load(text).configuration
    assert configuration is not None
    return [(one.severity, one.span.line, one.message) for one in diagnose(deployed(configuration), MACHINE)]


def test_a_relay_where_the_admin_server_is_by_default() -> None:
    """Is an error at the relay's line, that says what to write."""
    configuration = load(RELAY).configuration
    assert configuration is not None
    assert diagnose(configuration, MACHINE) == ()
    (found,) = diagnose(deployed(configuration), MACHINE)
    assert (found.severity, found.span.line) == (Severity.ERROR, 2)
    assert found.hint == "write `http-server { port 4433 }` in the `system` block"
    assert said(f"{RELAY}system {{ http-server {{ port 4433 }} }}") == []
    assert said(RELAY.replace("443", "8443")) == []


def test_the_guides_texts_say_where_it_is() -> None:
    """So that deploying them says what checking them does."""
    for name in ("guide.conf", "guide-lab.conf"):
        configuration = load(Path(CORPUS / name).read_bytes()).configuration
        assert configuration is not None
        assert deployed(configuration) is configuration
