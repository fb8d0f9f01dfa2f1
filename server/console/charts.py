"""Charts as SVG made on the server: they print, need no script, and a table says the same.

Colours differ in lightness too, so that a print in grey can still be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

COLOURS = ("#0b5a57", "#e0982b", "#a11616", "#6d8fc4", "#b9c2c0")
_WIDTH, _LABEL, _NUMBER = 720, 200, 64
_ROW, _BAR = 26, 16
_HEIGHT, _LEFT, _TOP, _BOTTOM = 220, 44, 10, 34
_MOST_TICKS = 8
_LONGEST_LABEL = 14


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a bar chart; `shown` is what stands behind it."""

    label: str
    value: int
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of a stacked chart: a value for each label."""

    name: str
    values: Sequence[int]


def bars(title: str, rows: Sequence[Bar]) -> Markup:
    """A bar for each row, the longest as wide as the chart; empty where there are none."""
    if not rows:
        return Markup("")
    most = max(1, *(row.value for row in rows))
    drawn = Markup("").join(_bar(place, row, most) for place, row in enumerate(rows))
    return _picture(title, _ROW * len(rows), drawn)


def stacked(title: str, labels: Sequence[str], series: Sequence[Series]) -> Markup:
    """A column for each label, with a part for each series; empty where all is nothing."""
    totals = [sum(each.values[place] for each in series) for place in range(len(labels))]
    if not any(totals):
        return Markup("")
    top = _rounded(max(totals))
    step = (_WIDTH - _LEFT) / len(labels)
    drawn = _grid(top)
    for place, label in enumerate(labels):
        drawn += _column(place, [each.values[place] for each in series], top, step)
        if place % -(-len(labels) // _MOST_TICKS) == 0:
            drawn += Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                _LEFT + step * (place + 0.5), _HEIGHT - _BOTTOM + 20, label
            )
    return _legend([each.name for each in series]) + _picture(title, _HEIGHT, drawn)


def _picture(title: str, height: int, drawn: Markup) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}" font-size="13">{}</svg>'
    ).format(_WIDTH, height, title, drawn)


def _bar(place: int, row: Bar, most: int) -> Markup:
    y = place * _ROW
    label = row.label
    if len(label) > _LONGEST_LABEL:
        label = label[: _LONGEST_LABEL - 1] + "…"
    width = (_WIDTH - _LABEL - _NUMBER) * row.value / most
    return Markup(
        '<text x="{}" y="{}" text-anchor="end">{}</text>'
        '<rect x="{}" y="{}" width="{:.1f}" height="{}" fill="{}"/>'
        '<text x="{:.1f}" y="{}">{}</text>'
    ).format(
        _LABEL - 8, y + 17, label, _LABEL, y + 5, width, _BAR, COLOURS[0],
        _LABEL + width + 6, y + 17, row.shown or row.value,
    )  # fmt: skip


def _grid(top: int) -> Markup:
    drawn = Markup("")
    for part in range(5):
        value = top * part // 4
        y = _y(value, top)
        drawn += Markup(
            '<line x1="{0}" x2="{1}" y1="{2:.1f}" y2="{2:.1f}" stroke="#cfd8d6"/>'
            '<text x="{3}" y="{4:.1f}" text-anchor="end">{5}</text>'
        ).format(_LEFT, _WIDTH, y, _LEFT - 6, y + 4, value)
    return drawn


def _column(place: int, values: Sequence[int], top: int, step: float) -> Markup:
    drawn, below = Markup(""), 0
    for number, value in enumerate(values):
        if value:
            high = _y(below + value, top)
            drawn += Markup(
                '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>'
            ).format(
                _LEFT + step * (place + 0.1), high, step * 0.8,
                _y(below, top) - high, COLOURS[number % len(COLOURS)],
            )  # fmt: skip
            below += value
    return drawn


def _y(value: int, top: int) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * value / top


def _rounded(most: int) -> int:
    """A round number not below the greatest, in four equal steps."""
    size = 1
    while True:
        for factor in (4, 8, 12, 20, 28):
            if factor * size >= most:
                return factor * size
        size *= 10


def _legend(names: Sequence[str]) -> Markup:
    keys = Markup("").join(
        Markup(
            '<li><svg width="14" height="14" aria-hidden="true">'
            '<rect width="14" height="14" fill="{}"/></svg> {}</li>'
        ).format(COLOURS[place % len(COLOURS)], name)
        for place, name in enumerate(names)
    )
    return Markup('<ul class="legend">{}</ul>').format(keys)
