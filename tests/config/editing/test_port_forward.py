"""A port forward is made of a few answers, and of nothing else that somebody writes into them."""

import pytest

from bascule.config.editing.port_forward import PortForwardAnswers, port_forward
from bascule.config.editing.setting import put
from bascule.config.editing.spelling import from_arguments
from bascule.config.load import load
from config.editing.edits import refusal

TEXT = "firewall {\n\tzone external { interface eth0 }\n\tblock in log\n}\n"
ANSWERS = PortForwardAnswers(zone="external", address="203.0.113.10", port="443", target="10.2.0.50", label="the guide's")


def test_it_stands_before_what_blocks_everything() -> None:
    """With the guide's last step, as docs/firewall.md has it."""
    edited = put(TEXT, from_arguments(port_forward(ANSWERS)))
    rule = 'pass in on external proto tcp to 203.0.113.10 port 443 forward to 10.2.0.50 label "the guide\'s"'
    assert edited.text == TEXT.replace("\tblock", f"\t{rule}\n\tblock")
    assert load(edited.text).configuration is not None


def test_only_what_is_answered_is_said() -> None:
    """Where there is no firewall yet, it makes one."""
    answers = PortForwardAnswers(address="203.0.113.10", port="80", target="10.2.0.50", target_port="8080", protocol="udp")
    text = put("", from_arguments(port_forward(answers))).text
    assert text == "firewall {\n\tpass in proto udp to 203.0.113.10 port 80 forward to 10.2.0.50 port 8080\n}\n"


@pytest.mark.parametrize("written", ["10.2.0.50 log", "x", "}", "10.2.0.50; block in", "", "10.2.0.50\n}"])
def test_an_answer_is_one_word(written: str) -> None:
    """Whatever is written instead is refused, and nothing is done."""
    answers = PortForwardAnswers(address="203.0.113.10", port="443", target=written)
    edited = put(TEXT, from_arguments(port_forward(answers)))
    assert refusal(edited)
    assert edited.text == TEXT
