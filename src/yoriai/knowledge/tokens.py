"""The words of a text as lexical search compares them: one spelling for all spellings of a word, Japanese and English.

Japanese: Sudachi's normalised form (okurigana, old and new characters, half and full width), shortest units, without
particles, auxiliaries and signs; katakana reduced to what its variants share. Other scripts: Snowball's English stem.
The index and the query call it alike; a change of what it yields asks for a rebuilt index (`VERSION`).
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any

VERSION = 1
_JAPANESE = (
    r"\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
# A stretch without Japanese but with a letter never reaches Sudachi, which reads English case by case.
_FOREIGN = re.compile(rf"[^{_JAPANESE}\W\d_][^{_JAPANESE}]*")
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?(?:\+\+|#)?")
_CAPITALISED = re.compile(r"(?<=[^\s.!?:\"“(*\-] )(?!I\b)[A-Z][^\W\d_]+|\b[A-Z]{2,}\b")
_KATAKANA = re.compile(r"[ァ-ヺー]+")
_DASH_IN_KATAKANA = re.compile(r"(?<=[ァ-ヺ])[‐‑‒–—―−]")
# Sudachi takes 49,149 bytes at once; of one sign (㌖) it makes eighteen.
_PIECE = re.compile(r"[^。！？\n]{1,2000}[。！？\n]{0,200}|[。！？\n]{1,2000}")
_DROPPED = frozenset({"助詞", "助動詞", "補助記号", "空白"})
_SMALL = str.maketrans("ァィゥェォッャュョヮヵヶヂヅ", "アイウエオツヤユヨワカケジズ")
_V_SOUNDS = {"ヴァ": "バ", "ヴィ": "ビ", "ヴェ": "ベ", "ヴォ": "ボ", "ヴ": "ブ"}
_LONG_WORD = 4  # katakana: in a shorter word the long vowel tells two words apart (ビル, ビール)


def tokens(text: str) -> list[str]:
    """The words of `text` in their order, with repetitions."""
    text = _DASH_IN_KATAKANA.sub("ー", unicodedata.normalize("NFKC", text))
    found: list[str] = []
    end = 0
    for match in _FOREIGN.finditer(text):
        found += _japanese_words(text[end : match.start()])
        found += _foreign_words(match.group())
        end = match.end()
    found += _japanese_words(text[end:])
    return found


def names(text: str) -> set[str]:
    """Proper nouns of `text`, spelt as `tokens` spells them: Sudachi's, and words with capitals inside a sentence."""
    text = _DASH_IN_KATAKANA.sub("ー", unicodedata.normalize("NFKC", text))
    found = {_foreign_word(match.group().casefold()) for match in _CAPITALISED.finditer(text)}
    japanese = _FOREIGN.sub(" ", text)
    for piece in _PIECE.findall(japanese) if not japanese.isspace() else ():
        for morpheme in _tokenizer().tokenize(piece):
            if morpheme.part_of_speech()[1] == "固有名詞" and (form := _fold(morpheme.normalized_form())):
                found.add(form)
    return found


def places(text: str) -> list[tuple[str, int, int]]:
    """The words of `text` and where each stands in it, for a page that marks them: `text[start:end]`.

    The same words as `tokens` gives, but for texts that NFKC would change the words of.
    """
    found: list[tuple[str, int, int]] = []
    end = 0
    for match in _FOREIGN.finditer(text):
        found += _japanese_places(text, end, match.start())
        found += (
            (_foreign_word(unicodedata.normalize("NFKC", word.group()).casefold()), word.start(), word.end())
            for word in _WORD.finditer(text, match.start(), match.end())
        )
        end = match.end()
    return found + list(_japanese_places(text, end, len(text)))


def _japanese_places(text: str, begin: int, end: int) -> Iterator[tuple[str, int, int]]:
    if begin == end:
        return
    tokenizer = _tokenizer()
    for piece in _PIECE.finditer(text, begin, end):
        for morpheme in tokenizer.tokenize(piece.group()):
            if morpheme.part_of_speech()[0] not in _DROPPED and (form := _fold(morpheme.normalized_form())):
                yield form, piece.start() + morpheme.begin(), piece.start() + morpheme.end()


def _foreign_words(text: str) -> Iterator[str]:
    return (_foreign_word(word.casefold()) for word in _WORD.findall(text))


@lru_cache(maxsize=50_000)
def _foreign_word(word: str) -> str:
    if word[0].isdecimal():
        return word.replace(",", "")
    return str(_stemmer().stemWord(word.replace("’", "'")))


def _japanese_words(text: str) -> Iterator[str]:
    if not text or text.isspace():
        return
    tokenizer = _tokenizer()
    for piece in _PIECE.findall(text):
        yield from _normal_forms(tokenizer.tokenize(piece))


def _normal_forms(morphemes: Iterable[Any]) -> Iterator[str]:
    for morpheme in morphemes:
        if morpheme.part_of_speech()[0] not in _DROPPED and (form := _fold(morpheme.normalized_form())):
            yield form


@lru_cache(maxsize=100_000)
def _fold(form: str) -> str:
    form = unicodedata.normalize("NFKC", form).casefold()
    if _KATAKANA.fullmatch(form):
        return _fold_katakana(form)
    if form.isascii() and form.isalpha():
        return _foreign_word(form)
    return form if any(character.isalnum() for character in form) else ""


def _fold_katakana(form: str) -> str:
    for variant, plain in _V_SOUNDS.items():
        form = form.replace(variant, plain)
    form = form.translate(_SMALL)
    short = form.replace("ー", "")
    if len(short) >= _LONG_WORD:
        return short
    return form.rstrip("ー") if len(form) >= _LONG_WORD else form


_threads = threading.local()  # a Sudachi tokenizer serves one thread; the dictionary behind it is shared


def _tokenizer() -> Any:
    tokenizer = getattr(_threads, "tokenizer", None)
    if tokenizer is None:
        tokenizer = _threads.tokenizer = _new_tokenizer()
    return tokenizer


_loading = threading.Lock()


def _new_tokenizer() -> Any:
    from sudachipy import SplitMode

    with _loading:
        return _dictionary().tokenizer(mode=SplitMode.A)


@cache
def _dictionary() -> Any:
    from sudachipy import Dictionary

    return Dictionary()


def _stemmer() -> Any:
    stemmer = getattr(_threads, "stemmer", None)
    if stemmer is None:
        from snowballstemmer import stemmer as make

        stemmer = _threads.stemmer = make("english")
    return stemmer
