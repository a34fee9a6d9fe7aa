"""Letters of a PNG: a font of this machine that has Japanese ones, or Pillow's own, which has ASCII only.

`evaluation.chart` draws with it; `cli.drawing` asks which language can be drawn.
"""

from __future__ import annotations

from functools import cache
from typing import Any

# By file name, which Pillow looks for in the system's font folders. The first face of each has Japanese forms.
_FILES = (
    "NotoSansCJK-Regular.ttc", "NotoSansCJKjp-Regular.otf", "NotoSansJP-Regular.otf", "NotoSansJP-Regular.ttf",
    "ipaexg.ttf", "ipagp.ttf", "ipag.ttf", "TakaoPGothic.ttf", "VL-PGothic-Regular.ttf",  # Linux
    "YuGothM.ttc", "YuGothR.ttc", "meiryo.ttc", "msgothic.ttc",  # Windows
    "ヒラギノ角ゴシック W3.ttc", "Hiragino Sans GB.ttc", "Arial Unicode.ttf",  # macOS
)  # fmt: skip


def has_japanese() -> bool:
    return bool(_file())


def font(size: int) -> Any:
    """`size`: in pixels."""
    from PIL import ImageFont

    found = _file()
    return ImageFont.truetype(found, size) if found else ImageFont.load_default(size)


def drawable(text: str) -> str:
    """With what the font lacks replaced, where it is Pillow's own."""
    if has_japanese():
        return text
    text = text.translate({ord("×"): "x", ord("÷"): "/", ord("–"): "-"})
    return "".join(each if each in "…·" or " " <= each <= "~" else "?" for each in text)


@cache
def _file() -> str:
    """Its whole path; "" where there is none. Remembered: the search goes through all font folders."""
    from PIL import ImageFont

    for name in _FILES:
        try:
            return str(ImageFont.truetype(name).path)
        except (OSError, ImportError):  # not here; or a Pillow that was built without FreeType
            continue
    return ""
