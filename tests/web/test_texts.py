"""Readings of texts are remembered, and not for ever."""

from bascule.web.texts import Texts


async def test_a_text_is_read_once() -> None:
    """By each way of reading; the oldest reading is forgotten."""
    read: list[str] = []

    def length(text: str) -> int:
        read.append(text)
        return len(text)

    texts = Texts(most=2)
    assert [await texts.read(length, text) for text in ("a", "a", "bb", "a", "ccc", "a")] == [1, 1, 2, 1, 3, 1]
    assert read == ["a", "bb", "ccc"]
    assert await texts.read(str.upper, "a") == "A"
    assert await texts.read(length, "ccc") == 3
    assert read == ["a", "bb", "ccc", "ccc"]
