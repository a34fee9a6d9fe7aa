"""Whether the text that a PDF gives for a page can be what the page shows. `pdf` asks, and reads the picture if not."""

from __future__ import annotations

import re

_ODD = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd\ufffe]|[\U000f0000-\U0010ffff]")
_CID = re.compile(r"\(cid:\d+\)")
_MOJIBAKE = re.compile("[À-ÿ][\u0080-¿]|[Ã-ï]{2,}|[縺繧譁蜿]{2,}|[ｦ-ﾟ]{1}[一-龠][ｦ-ﾟ]|â€")
_MOST_ODD, _MOST_MOJIBAKE = 0.05, 0.08
LITTLE = 100  # characters: a stamp, a page number, a running title


def length(text: str) -> int:
    """Characters that are seen."""
    return len("".join(text.split()))


def is_garbled(text: str) -> bool:
    """Characters that no font shows, numbers of glyphs instead of text, or one encoding read as another.

    >>> is_garbled("日本国憲法"), is_garbled("\\ue012\\ue045\\ue0aa"), is_garbled("ã\\x81\\x82ã\\x81\\x84ã\\x81\\x86")
    (False, True, True)
    """
    solid = "".join(text.split())
    if not solid:
        return False
    odd = len(_ODD.findall(solid)) + sum(map(len, _CID.findall(solid)))
    mojibake = sum(map(len, _MOJIBAKE.findall(solid)))
    return odd > _MOST_ODD * len(solid) or mojibake > _MOST_MOJIBAKE * len(solid)


def worth(text: str) -> int:
    """Characters that a person can read, to choose between two readings of a page."""
    solid = "".join(text.split())
    return len(solid) - 3 * len(_ODD.findall(solid))
