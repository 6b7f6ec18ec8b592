"""What every answer says of what a page may do."""

from bascule.web.guard import policy


def test_a_page_may_ask_elsewhere_and_nothing_more() -> None:
    """Scripts, styles and forms stay this site's alone."""
    name, usual = policy()
    assert (name, policy("https://10.2.0.10:4433")[1]) == (
        "content-security-policy",
        usual.replace("connect-src 'self'", "connect-src 'self' https://10.2.0.10:4433"),
    )
    assert "unsafe" not in usual
