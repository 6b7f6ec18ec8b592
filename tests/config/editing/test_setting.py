"""`set` puts a statement where it belongs, in the form of the lines around it."""

import pytest

from bascule.config.editing.setting import put
from bascule.config.editing.spelling import from_arguments
from config.editing.edits import after_delete, after_set, refusal, words

TABLE = 'load-balancer {\n\ttable <a> {\n\t\t10.0.0.1 name "EX1" weight 2  # the old one\n\t}\n}\n'


@pytest.mark.parametrize(
    ("before", "line", "after"),
    [
        ("", "system host-name lb1", "system {\n\thost-name lb1\n}\n"),
        ("", "system dns", "system {\n\tdns { }\n}\n"),
        ("system { host-name lb1 }\n", "system host-name lb2", "system { host-name lb2 }\n"),
        ("system { host-name lb1 }\n", "system dns 10.0.0.5", "system {\n\thost-name lb1\n\tdns {\n\t\t10.0.0.5\n\t}\n}\n"),
        ("system {\n\tdns { }  # none\n}\n", "system dns 10.0.0.5", "system {\n\tdns {\n\t\t10.0.0.5\n\t}  # none\n}\n"),
        (
            "system {\n  host-name a; dns { }\n}\n",
            "sys http port 4433",
            "system {\n  host-name a; dns { }\n  http-server {\n  \tport 4433\n  }\n}\n",
        ),
        ("# mine\n", "load workers 2", "# mine\n\nload-balancer {\n\tworkers 2\n}\n"),
        ("system {\n\t# nothing yet\n}\n", "system host-name a", "system {\n\t# nothing yet\n\n\thost-name a\n}\n"),
        ("system { }", "load workers 2", "load-balancer {\n\tworkers 2\n}\nsystem { }"),
        ("system {\r\n}\r\n", "system host-name a", "system {\r\n\thost-name a\r\n}\r\n"),
        (
            "# first\ninterface eth0 {\n\tmtu 1500\n}\n\nsystem { }\n",
            "load workers 2",
            "# first\ninterface eth0 {\n\tmtu 1500\n}\n\nload-balancer {\n\tworkers 2\n}\n\nsystem { }\n",
        ),
    ],
)
def test_where_it_goes(before: str, line: str, after: str) -> None:
    """Behind the last of its kind, else where the schema has it; blocks that are in one line are spread first."""
    assert after_set(before, line) == after


@pytest.mark.parametrize(
    ("line", "row"),
    [
        ("load table a 10.0.0.1 weight 3", '10.0.0.1 name "EX1" weight 3  # the old one'),
        ("load table <a> 10.0.0.1 max sessions 9", '10.0.0.1 name "EX1" weight 2 max sessions 9  # the old one'),
        ("load table a 10.0.0.1", '10.0.0.1 name "EX1" weight 2  # the old one'),
    ],
)
def test_what_is_there_keeps_its_options_and_its_comment(line: str, row: str) -> None:
    """`set` of a host that is there adds to it; nothing is lost unsaid."""
    assert after_set(TABLE, line) == TABLE.replace('10.0.0.1 name "EX1" weight 2  # the old one', row)


def test_one_default_route_for_each_ip_version() -> None:
    """A second one takes the place of the first."""
    text = after_set("", "interface eth0 route default 10.0.0.1")
    text = after_set(text, "interface eth0 route default fe80::1")
    text = after_set(text, "int eth0 route d 10.0.0.2")
    assert text == "interface eth0 {\n\troute default 10.0.0.2\n\troute default fe80::1\n}\n"


def test_a_shell_takes_the_quotes() -> None:
    """Names get them again, with blanks in them too."""
    edited = put("", from_arguments(["load", "table", "a", "10.0.0.1", "name", "EX 1"]))
    assert edited.words == 'load-balancer table <a> 10.0.0.1 name "EX 1"'
    edited = put("", from_arguments(["interface", "eth0", "description", 'the "inner" one']))
    assert edited.words == r'interface eth0 description "the \"inner\" one"'


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("load wrokers 2", "1:15: error: unknown word `wrokers` in `load-balancer` (did you mean `workers`?"),
        ("load relay X session timeout long", "1:41: error: expected a time"),
        ("load re", "1:15: error: `re` may be `relay` or `redirect`"),
        ("load relay X listen", "1:31: error: expected `on` behind `listen`"),
        ("load relay", "1:20: error: expected a name in quotes behind `relay`"),
        ("", "1:1: error: say what shall be set"),
        ("load relay X forward to a mode hash", "1:45: error: expected a mode, found `hash`"),
    ],
)
def test_a_mistake_is_told_with_its_place(line: str, said: str) -> None:
    """In the words as they were understood; the text stays as it is."""
    edited = put(TABLE, words(line))
    assert said in refusal(edited)
    assert edited.text == TABLE


def test_a_text_without_a_form_is_left_alone() -> None:
    """Its own diagnostics say where to mend it."""
    edited = put("system {\n", words("system host-name a"))
    assert edited.illegible
    assert "never closed" in refusal(edited)


def test_comments_stay_with_what_they_are_about() -> None:
    """Of what is deleted they go along, of what is set anew nothing is touched."""
    text = "system {\n\t# who we ask\n\tdns {\n\t\t10.0.0.1  # the first\n\t\t# the spare one\n\t\t10.0.0.2\n\t}\n}\n"
    assert after_delete(text, "system dns 10.0.0.2") == text.replace("\t\t# the spare one\n\t\t10.0.0.2\n", "")
    assert after_delete(text, "system dns") == "system { }\n"
    assert after_set(text, "system dns 10.0.0.3") == text.replace("10.0.0.2\n", "10.0.0.2\n\t\t10.0.0.3\n")


def test_a_keyword_cut_short_is_no_host() -> None:
    """Although hosts may have names."""
    assert "\t\tinterval 3s\n" in after_set(TABLE, "load table a int 3s")
    assert "\t\tmail.example.org\n" in after_set(TABLE, "load table a mail.example.org")


def test_what_a_choice_may_have_is_kept_and_taken_like_an_option() -> None:
    """An address that becomes virtual is the same address; one that a client gives is another statement."""
    text = after_set("interface eth0 {\n\taddress 10.0.0.9/24\n}\n", "interface eth0 address 10.0.0.9/24 virtual")
    assert text == "interface eth0 {\n\taddress 10.0.0.9/24 virtual\n}\n"
    assert after_delete(text, "interface eth0 address 10.0.0.9/24 virtual") == "interface eth0 { }\n"
    both = after_set(text, "interface eth0 address 10.0.0.9/24 unmanaged")
    assert "10.0.0.9/24 virtual unmanaged" in both
    assert after_delete(both, "interface eth0 address 10.0.0.9/24 unm") == text
    assert after_set(text, "interface eth0 address dhcp") == text.replace("virtual\n", "virtual\n\taddress dhcp\n")


def test_the_hosts_port_stays_before_a_check_that_has_a_port_of_its_own() -> None:
    """Behind `check rpc` it would be the port of the service."""
    line = "load relay A forward to a"
    text = 'load-balancer {\n\trelay "A" {\n\t\tforward to <a> check rpc "nspi" mode random\n\t}\n}\n'
    after = after_set(text, f"{line} port 6001 interval 9s")
    assert 'forward to <a> port 6001 check rpc "nspi" mode random interval 9s' in after
    assert 'port 6001 check rpc "nspi" port 7 mode random' in after_set(after, f'{line} check rpc "nspi" port 7')
