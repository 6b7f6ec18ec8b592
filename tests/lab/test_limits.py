from bascule.lab.limits import Limits, Places


def test_one_source_has_twenty_and_less_where_little_is_left() -> None:
    """Exchange's defaults: 20, or 2 % of the connections that are left of 5000."""
    limits = Limits()
    assert limits.smtp_admits(already=19, from_here=19)
    assert not limits.smtp_admits(already=20, from_here=20)
    assert limits.smtp_admits(already=4500, from_here=9)
    assert not limits.smtp_admits(already=4500, from_here=10)
    assert not limits.smtp_admits(already=5000, from_here=0)


def test_a_place_is_held_for_as_long_as_it_is() -> None:
    """Who has left is not counted, nor kept."""
    places = Places()
    with places.held("a"), places.held("a"), places.held("b"):
        assert (places.of("a"), places.of("b"), places.all()) == (2, 1, 3)
    assert (places.of("a"), places.all()) == (0, 0)
