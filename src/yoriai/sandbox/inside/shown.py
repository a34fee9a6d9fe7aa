"""What a cell shows: its last value as text and table, its figures as pictures, its error as the cell's own lines."""

from __future__ import annotations

import base64
import io
import logging
import sys
import traceback
from typing import Any

_ROWS, _COLUMNS, _LONGEST_CELL, _LONGEST_TEXT = 50, 20, 200, 20_000
_MOST_PLOTS = 8
# As in `sandbox.fonts`; some are only on other systems.
_JAPANESE = (
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "IPAexGothic",
    "IPAGothic",
    "IPAPGothic",
    "TakaoGothic",
    "VL Gothic",
)


def value(result: Any) -> dict[str, Any]:
    if result is None or _is_of(result, "matplotlib"):
        return {}
    text = repr(result)
    said: dict[str, Any] = {"shown": text[:_LONGEST_TEXT] + ("…" if len(text) > _LONGEST_TEXT else "")}
    if _is_of(result, "pandas") and type(result).__name__ in ("DataFrame", "Series"):
        said["table"] = _table(result)
    return said


def plots() -> list[str]:
    """Every open figure, which is closed then."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return []
    pictures = []
    for number in pyplot.get_fignums()[:_MOST_PLOTS]:
        picture = io.BytesIO()
        try:
            pyplot.figure(number).savefig(picture, format="png", dpi=120, bbox_inches="tight")
        except Exception as problem:
            print(f"{type(problem).__name__}: {problem}")
            continue
        pictures.append(base64.b64encode(picture.getvalue()).decode())
    pyplot.close("all")
    return pictures


def prepare_plots() -> None:
    """Whatever font a program asks for, Japanese letters come from one that has them."""
    manager = sys.modules.get("matplotlib.font_manager")
    if manager is None:
        return
    sys.modules["matplotlib.pyplot"].show = lambda *_, **__: None  # type: ignore[attr-defined]
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    known = {font.name for font in manager.fontManager.ttflist}
    family = next((name for name in _JAPANESE if name in known), None)
    find = manager.FontManager._find_fonts_by_props

    def find_with_japanese(self: Any, prop: Any, *arguments: Any, **named: Any) -> Any:
        prop = manager.FontProperties._from_any(prop).copy()
        prop.set_family([*prop.get_family(), family])
        return find(self, prop, *arguments, **named)

    if family:
        manager.FontManager._find_fonts_by_props = find_with_japanese


def error(problem: BaseException, name: str) -> str:
    """The lines of cells alone, not of what runs them."""
    trace = problem.__traceback__
    while trace and trace.tb_frame.f_code.co_filename != name:
        trace = trace.tb_next
    lines = traceback.format_exception(type(problem), problem, trace)
    return "".join(lines)[-_LONGEST_TEXT:]


def _table(frame: Any) -> dict[str, Any]:
    if type(frame).__name__ == "Series":
        frame = frame.to_frame(name=frame.name if frame.name is not None else "")
    part = frame.iloc[:_ROWS, :_COLUMNS]
    return {
        "columns": ["" if frame.index.name is None else _cell(frame.index.name), *map(_cell, part.columns)],
        "rows": [list(map(_cell, row)) for row in part.itertuples(index=True, name=None)],
        "total_rows": int(frame.shape[0]),
        "total_columns": int(frame.shape[1]),
    }


def _cell(each: Any) -> str:
    return (f"{each:.6g}" if isinstance(each, float) else str(each))[:_LONGEST_CELL]


def _is_of(result: Any, library: str) -> bool:
    if isinstance(result, list | tuple) and result:
        return all(_is_of(each, library) for each in result)
    return type(result).__module__.partition(".")[0] == library
