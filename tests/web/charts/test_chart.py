"""What every drawing holds to, whatever is drawn."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bascule.web.charts.chart import COLOURS, MOST_MARKS, Chart, Line, Mark, draw
from bascule.web.charts.scale import Unit
from bascule.web.charts.spark import sparkline

SINCE = datetime(2026, 3, 1, 10, tzinfo=UTC)
HOSTILE = '"><script>alert(1)</script>&'

values = st.lists(st.none() | st.floats(0, 1e12), min_size=1, max_size=30)
names = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=20)


def chart(*lines: Line, marks: Sequence[Mark] = (), unit: Unit = Unit.COUNT) -> Chart:
    """Return a drawing of an hour."""
    steps = max((len(line.values) for line in lines), default=60)
    return Chart(
        name="sessions", title="Sessions", unit=unit, since=SINCE, step=3600 / steps, steps=steps, lines=lines, marks=marks
    )


def read(drawing: str) -> ET.Element:
    """Return a drawing as whoever reads XML sees it; it holds nothing that a strict page would refuse."""
    root = ET.fromstring(drawing)  # noqa: S314 - our own text
    for element in root.iter():
        assert element.tag in {"svg", "title", "desc", "line", "text", "path", "rect", "g"}
        assert not {name for name in element.attrib if name == "style" or name.startswith("on") or "href" in name}
    return root


def ways(root: ET.Element, kind: str = "line") -> Sequence[str]:
    """Return the lines that are drawn."""
    return [path.attrib["d"] for path in root.iter("path") if kind in path.attrib["class"].split()]


@settings(max_examples=40, deadline=None)
@given(values, names, st.sampled_from([*Unit]))
def test_any_values_are_drawn_within_the_picture(found: Sequence[float | None], name: str, unit: Unit) -> None:
    """With as many parts as there are runs without a gap."""
    root = read(draw(chart(Line(name, found), unit=unit)))
    runs = len(re.findall(r"v+", "".join("v" if value is not None else " " for value in found)))
    way = " ".join((*ways(root), *ways(root, "point")))
    assert way.count("M") == runs
    (picture,) = root.iter("svg") if root.attrib.get("viewBox") else [each for each in root.iter("svg") if each is not root]
    _, _, wide, high = map(float, picture.attrib["viewBox"].split())
    for x, y in re.findall(r"([-\d.e+]+) ([-\d.e+]+)", way):
        assert 0 <= float(x) <= wide
        assert 0 <= float(y) <= high


def test_the_largest_stands_highest_and_nothing_lowest() -> None:
    """The height is a round number above it."""
    (way,) = ways(read(draw(chart(Line("EX1", [0, 50, 100])))))
    heights = [float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", way)]
    assert heights == [142, 71, 0]


def test_whoever_cannot_see_it_is_told() -> None:
    """A title, and the figures in words."""
    root = read(draw(chart(Line("EX1", [3, None, 420, 120]), marks=[Mark(SINCE, "EX2 is down", "bad")])))
    title, words = root.findtext("title"), root.findtext("desc")
    assert root.attrib["aria-labelledby"] == "sessions-title"
    assert root.attrib["aria-describedby"] == "sessions-words"
    assert title == "Sessions"
    assert words == ("Sessions from 01 Mar 10:00 to 01 Mar 11:00: EX1 between 3 and 420, 120 at the end; marked: 1.")
    nothing = read(draw(chart(Line("EX1", [None]))))
    assert "nothing was measured" in (nothing.findtext("desc") or "")


def test_what_others_named_is_text() -> None:
    """In every place that names come to."""
    mark = Mark(SINCE + timedelta(minutes=5), HOSTILE, "bad")
    drawing = draw(chart(Line(HOSTILE, [1, 2]), marks=[mark]))
    assert "<script" not in drawing
    root = read(drawing)
    assert sum(HOSTILE in (element.text or "") for element in root.iter()) == 4
    assert HOSTILE in ET.fromstring(sparkline([1], HOSTILE)).attrib["aria-label"]  # noqa: S314 - our own text


def test_marks_stand_where_it_happened() -> None:
    """Those near each other as one, the worst of them; those outside not at all."""
    down, up = Mark(SINCE + timedelta(minutes=30), "EX1 is down", "bad"), Mark(SINCE + timedelta(minutes=30), "x", "good")
    late = Mark(SINCE + timedelta(hours=2), "later")
    root = read(draw(chart(Line("EX1", [1, 2]), marks=[up, down, late])))
    (mark,) = root.iter("g")
    assert mark.attrib["class"] == "mark bad"
    assert mark.findtext("title") == "10:30:00 x\n10:30:00 EX1 is down"
    assert {line.attrib["x1"] for line in mark.iter("line")} == {"50.00%"}
    flapping = [Mark(SINCE + timedelta(seconds=second), f"{second}") for second in range(3600)]
    assert len(list(read(draw(chart(Line("EX1", [1]), marks=flapping))).iter("g"))) == MOST_MARKS


def test_each_line_has_a_colour_of_its_own() -> None:
    """By class; the area below is filled where there is one line alone."""
    lines = [Line(f"EX{number}", [number, 2 * number]) for number in range(COLOURS)]
    root = read(draw(chart(*lines)))
    assert len({path.attrib["class"] for path in root.iter("path")}) == COLOURS
    assert not ways(root, "area")
    assert len(ways(read(draw(chart(lines[1]))), "area")) == 1


def test_the_pointer_is_told_the_figures() -> None:
    """Of the step that it rests on; nothing where nothing was measured."""
    root = read(draw(chart(Line("EX1", [3, None]), Line("EX2", [None, None]))))
    (touched,) = root.iter("rect")
    assert touched.findtext("title") == "01 Mar 10:00\nEX1 3"
    assert (touched.attrib["x"], touched.attrib["width"]) == ("0.00%", "50.00%")
    many = list(read(draw(chart(Line("EX1", list(range(1000)))))).iter("rect"))
    assert len(many) <= 120
    assert sum(float(each.attrib["width"].rstrip("%")) for each in many) == pytest.approx(100, abs=1)


@settings(max_examples=40, deadline=None)
@given(values)
def test_a_line_beside_a_name(found: Sequence[float | None]) -> None:
    """Stays within its picture; it is decoration unless it says something."""
    root = read(sparkline(found))
    assert root.attrib["aria-hidden"] == "true"
    for x, y in re.findall(r"([-\d.e+]+) ([-\d.e+]+)", " ".join(path.attrib["d"] for path in root.iter("path"))):
        assert 0 <= float(x) <= 96
        assert 0 <= float(y) <= 18
