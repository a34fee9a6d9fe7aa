"""Bar charts in the page's colours. Knows no measurement; used by `measurements_page` and `models_page`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

# Told apart by lightness, too: for whoever doesn't see the colours.
_COLOURS = ("#3a6ea5", "#e0913a")
_BAR_PX, _FRAME_PX, _LEGEND_PX, _LABEL_PX = 22, 54, 36, 180
_LINE = {
    "symbol": "none",
    "silent": True,
    "label": {"show": False},
    "lineStyle": {"type": "solid", "color": "#888", "width": 2},
}


def bars(
    names: Sequence[str],
    series: Mapping[str, Sequence[float | None]],
    *,
    label: str,
    line: float | None = None,
    most: float | None = None,
) -> ui.echart:
    """A group of horizontal bars per name, the first on top; each bar with its figure. None: no bar.

    Args:
        line: a value to hold all bars against.
        most: where the axis ends.
    """
    top = _LEGEND_PX if len(series) > 1 else 8
    drawn = [_bars(name, values) for name, values in series.items()]
    if line is not None:
        drawn[0]["markLine"] = _LINE | {"data": [{"xAxis": line}]}
    height = _FRAME_PX + top + _BAR_PX * len(names) * (len(series) + 1)
    chart = ui.echart(
        {
            "aria": {"enabled": True, "label": {"description": _told(label, names, series)}},
            "animation": False,
            "color": list(_COLOURS),
            "legend": {"top": 0, "show": len(series) > 1},
            "grid": {"left": 8, "right": 56, "top": top, "bottom": 8, "containLabel": True},
            "xAxis": {
                "type": "value",
                "min": 0,
                "max": most,
                "axisLabel": {"hideOverlap": True},
                "splitLine": {"lineStyle": {"color": "#8888"}},
            },
            "yAxis": {
                "type": "category",
                "inverse": True,
                "data": list(names),
                "axisLabel": {"width": _LABEL_PX, "overflow": "break"},
            },
            "series": drawn,
        },
        renderer="svg",
    )
    chart.classes("y-chart").style(f"height: {height}px").props(f'role=img aria-label="{label}"')
    return chart


def _told(label: str, names: Sequence[str], series: Mapping[str, Sequence[float | None]]) -> str:
    """For who doesn't see it. Left to itself, the chart describes itself in English."""
    rows = [
        f"{name.replace(chr(10), ' ')} {value:.3g}"
        for values in series.values()
        for name, value in zip(names, values, strict=True)
        if value is not None
    ]
    return f"{label}: {'; '.join(rows)}"


def _bars(name: str, values: Sequence[float | None]) -> dict[str, Any]:
    rounded = [None if value is None else float(f"{value:.3g}") for value in values]
    return {
        "name": name,
        "type": "bar",
        "data": rounded,
        "barMaxWidth": _BAR_PX,
        "label": {"show": True, "position": "right"},
    }
