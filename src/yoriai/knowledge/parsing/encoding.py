"""Which encoding a text is in. Japanese ones are told apart by what they decode to; the rest is left to a library.

Strict decoding with each candidate, then how much the result looks like Japanese: on short texts this is surer than
general statistics (benchmarks/parsing.py compares).
"""

from __future__ import annotations

import codecs
import re

from yoriai.knowledge.parsing.page_text import Outcome
from yoriai.sandbox.jail import RefusedError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 64 * 1024
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_\-]{2,40})""", re.IGNORECASE)
_ESCAPES = re.compile(rb"\x1b(?:\$[@B]|\([BJI]|\$\()")
_KANA = re.compile("[ぁ-んァ-ヶー、。「」・]")
_KANJI = re.compile("[一-龠々]")
_HALF_WIDTH = re.compile("[｡-ﾟ]")
_ODD = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd]")
_MOST_ACCENTS = 0.15  # of western texts; a library often takes such a one for Central European
_MANY_BROKEN = 0.02


def decoded(data: bytes, outcome: Outcome, *, is_markup: bool = False) -> str:
    """The text; where single characters are broken they become U+FFFD, and a warning says so.

    Raises:
        RefusedError: this is no text.
    """
    name = detect(data, is_markup=is_markup)
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        text = data.decode(name, "replace")
    if text.count("\ufffd") > _MANY_BROKEN * len(text) + 1:
        raise RefusedError("not_text")
    outcome.warn("knowledge.warning_characters_lost")
    return text


def detect(data: bytes, *, is_markup: bool = False) -> str:
    """Name of Python's codec for the bytes.

    Raises:
        RefusedError: this is no text.
    """
    for bom, name in _BOMS:
        if data.startswith(bom):
            return name
    if not _fails(data, "utf-8") and b"\0" not in data:
        return "iso2022_jp_ext" if _ESCAPES.search(data) and not _fails(data, "iso2022_jp_ext") else "utf-8"
    wide = _wide(data)
    if wide:
        return wide
    if b"\0" in data:
        raise RefusedError("not_text")
    declared = _declared(data) if is_markup else ""
    return declared or _japanese(data) or _nearly_utf8(data) or _other(data)


def _wide(data: bytes) -> str:
    """UTF-16 without a mark: what it would be is plausible Japanese or Latin."""
    sample = data[: _SAMPLE & ~1]
    if len(data) % 2 or not sample:
        return ""
    best = max(("utf-16-le", "utf-16-be"), key=lambda name: _plausible(sample, name))
    is_wide = _plausible(sample, best) > 0.9
    # Two bytes of another encoding often make some Chinese character: kana or line ends must speak for UTF-16.
    text = sample.decode(best, "ignore")
    common = len(_KANA.findall(text)) + sum(each < "\x7f" for each in text)
    return best if is_wide and common > 0.2 * len(text) else ""


def _plausible(sample: bytes, name: str) -> float:
    text = sample.decode(name, "replace")
    known = sum(
        each in "\t\r\n" or " " <= each < "\x7f" or "\u3000" <= each < "\u3100" or "\u4e00" <= each < "\u9fb0"
        or "\uff01" <= each < "\uff9f" or "\u00a0" <= each < "\u0180"
        for each in text
    )  # fmt: skip
    return known / max(1, len(text))


def _declared(data: bytes) -> str:
    found = _DECLARED.search(data[:4096])
    if not found:
        return ""
    name = found[1].decode("ascii").lower()
    name = {"shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932",
            "euc-jp": "euc_jis_2004"}.get(name, name)  # fmt: skip
    try:
        codecs.lookup(name)
        return "" if _fails(data[:_SAMPLE], name, is_cut=True) else name
    except (LookupError, UnicodeError):
        return ""


def _japanese(data: bytes) -> str:
    scores = {name: _score(data, name) for name in ("cp932", "euc_jis_2004")}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] > 0 else ""


def _score(data: bytes, name: str) -> float:
    """Per character beyond ASCII: kana and kanji speak for it, half-width kana and odd characters against."""
    sample = data[:_SAMPLE]
    if _fails(sample, name, is_cut=len(data) > _SAMPLE):
        return -1
    text = sample.decode(name, "ignore")
    beyond = [each for each in text if each > "\x7f"]
    rare = sum("\u4e00" <= each < "\u9fff" and _is_rare(each) for each in beyond)
    good = len(_KANA.findall(text)) + 0.6 * len(_KANJI.findall(text))
    bad = 1.2 * len(_HALF_WIDTH.findall(text)) + 3 * len(_ODD.findall(text)) + 1.0 * rare
    return (good - bad) / max(1, len(beyond))


def _is_rare(character: str) -> bool:
    """A kanji of the second level or beyond: JIS X 0208 orders them so, and EUC-JP shows the row."""
    try:
        row = character.encode("euc_jp")
    except UnicodeEncodeError:
        return True
    return len(row) != 2 or row[0] >= 0xD0


def _nearly_utf8(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    beyond = sum(each > "\x7f" for each in text)
    return "utf-8" if text.count("\ufffd") <= 0.02 * beyond else ""


def _other(data: bytes) -> str:
    beyond = sum(each > 0x7F for each in data)
    if beyond < _MOST_ACCENTS * len(data) and not _fails(data, "cp1252"):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE]).best()
    if best is None:
        raise RefusedError("not_text")
    return str(best.encoding)


def _fails(data: bytes, name: str, *, is_cut: bool = False) -> bool:
    try:
        codecs.getincrementaldecoder(name)("strict").decode(data, final=not is_cut)
    except (UnicodeDecodeError, UnicodeError):
        return True
    return False
