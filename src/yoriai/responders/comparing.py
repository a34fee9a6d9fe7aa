"""Which answers are the same: a reply's number, choice or short text in one spelling, and the votes for each.

Knows text in Japanese and English, not who answered. `council` and `reasoner` vote with it, benchmarks score with it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

from yoriai.deliberation import Ballot
from yoriai.i18n.catalogue import text
from yoriai.knowledge.split import language_of
from yoriai.responders.options import chosen, options_in, plain
from yoriai.responders.quantities import first_number, last_number

Kind = Literal["number", "choice", "text"]
_BOXED = re.compile(r"\\boxed\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
_HASHES = re.compile(r"####[ \t]*([^\n]+)")
# The last of these marks the answer; a mark may be bold, and its answer may stand in the line below.
_MARK = re.compile(
    r"(?:(?:最終的な|最後の|正しい|final|correct|right)\s*)?"
    r"(?:(?:(?:答え?|解答|回答|正解|結論)(?:\**\s*[::]|は(?!何|どれ|いくつ)|が)|(?<=\n)答え?\s)"
    r"|\b(?:answer|option|choice)\**\s*(?:[::]|is\b|=)|\bthe\s+(?:correct|right)\s+(?:answer|option|choice)\b\s*(?:is)?)"
    r"[\s:*_]*([^\n]+)",
    re.IGNORECASE,
)
_ASKS_NUMBER = re.compile(
    r"how (?:many|much|old|long|far|tall|fast|often|big|large|heavy|high|deep)|what(?:'s| is| are| was| were| will)"
    r"[^.?\n]{0,80}\b(?:total|sum|number|average|cost|price|percent|age|ratio|difference|profit|amount|length|weight"
    r"|speed|value|area)|what (?:percent|time|number|fraction)|calculate|compute|evaluate"
    r"|いくつ|いくら|何(?:[人個本枚回日年月歳円匹冊台時分秒度倍割番%点巻羽頭杯歩階章通曲ページドルセントキロメー])"
    r"|何(?:パーセント|センチ|グラム|ポンド|インチ|フィート|マイル|リットル|オンス|ガロン|エーカー|箱|袋|組|皿|着|足|週"
    r"|輪|部|名|切|色|缶|杯|ダース|株|瓶|行|試合|パック|ビット|ピース|ユニット|平方|立方)"
    r"|どれ(?:だけ|くらい|ぐらい|ほど)|どのくらい|どのぐらい|求め(?:よ|なさい|てください)|計算(?:せよ|しなさい|して)|合計",
    re.IGNORECASE,
)
_ARITHMETIC = re.compile(
    r"\d[\d\s.,]{0,20}(?:[-+*/×÷^=]|plus|minus|times|(?:multiplied|divided) by)[\d\s.,(]{0,20}\d"
    r"|\d\s{0,3}(?:に|を|から)\s{0,3}[\d.,]{1,20}\s{0,3}[をで](?:足|た[しす]|引|ひ[いく]|掛|か[けか]|割|わ[っる])",
    re.IGNORECASE,
)
_FIGURE, _FIGURES_OF_A_SUM = re.compile(r"\d[\d,.]*"), 3  # a word problem gives so many
_TEXT = re.compile(r"\\(?:text|mathrm|mathbf|textbf)\s*\{([^{}]*)\}")
_YES_NO = {
    "yes": "yes", "はい": "yes", "true": "yes", "ええ": "yes", "正しい": "yes",
    "no": "no", "いいえ": "no", "false": "no", "誤り": "no", "間違い": "no",
}  # fmt: skip
_MOST_READ = 50_000  # characters, of the end: an answer stands there
_LONGEST_TEXT = 80  # characters of an answer that is compared as text
_SENTENCE = re.compile(r"(?<=[。！？!?])|(?<=[a-zA-Z)%]\.)\s|(?<=\d\.)\s")


def kind_of(question: str) -> Kind:
    """What an answer to `question` is: one of the choices that it lists, a number, or words."""
    if options_in(question):
        return "choice"
    folded = unicodedata.normalize("NFKC", question)
    is_sum = len(_FIGURE.findall(folded)) >= _FIGURES_OF_A_SUM or _ARITHMETIC.search(folded)
    return "number" if is_sum or _ASKS_NUMBER.search(folded) else "text"


def answer_key(reply: str, question: str = "") -> str:
    """The answer of `reply` as it is compared; empty: it states none that could be.

    Of a number its plain decimal spelling, of a choice its label as `question` has it, of words their letters
    without case, width and punctuation, where they are few.
    """
    question, reply = question[-_MOST_READ:], reply[-_MOST_READ:]
    kind = kind_of(question)
    stated = stated_answer(reply)
    if kind == "choice":
        options = options_in(question)
        return next((key for part in _parts(reply, stated) if (key := chosen(part, options))), "")
    if kind == "number":
        return first_number(stated) or last_number(reply)
    return _words(stated or _short(reply))


def stated_answer(reply: str) -> str:
    r"""What a reply marks as its answer (\boxed{…}, ####, "答え：…", "Answer: …"), as it is written; empty: nothing."""
    reply = _TEXT.sub(r"\1", reply)
    for pattern in (_BOXED, _HASHES):
        if found := pattern.findall(reply):
            return str(found[-1]).strip()
    marked = [match.group(1) for match in _MARK.finditer("\n" + unicodedata.normalize("NFKC", reply))]
    return _first_sentence(marked[-1]) if marked else ""


def answer_line(question: str) -> str:
    """What to ask for, so that the answer can be compared: the line that holds it alone. In the question's language."""
    return text(f"responders.answer_line_{kind_of(question)}", language_of(question))


def ballots(votes: Iterable[tuple[str, str]]) -> tuple[Ballot, ...]:
    """(label, key) of each voter -> the answers, most votes first.

    A voter without an answer that can be compared (empty key) has no vote. Of answers with as many votes, the one
    that was given first comes first: whoever orders the voters decides ties.
    """
    by_key: dict[str, list[str]] = {}
    for label, key in votes:
        if key:
            by_key.setdefault(key, []).append(label)
    cast = sum(map(len, by_key.values()))
    ordered = sorted(by_key.items(), key=lambda item: -len(item[1]))
    return tuple(
        Ballot(answer=key, labels=tuple(labels), share=len(labels) / cast) for key, labels in ordered
    )


def _parts(reply: str, stated: str) -> list[str]:
    """Where a choice may stand: what is marked, else the whole, its first and its last line."""
    if stated:
        return [stated]
    lines = [line for line in reply.splitlines() if line.strip()]
    return [reply, *lines[-1:], *lines[:1]]


def _first_sentence(words: str) -> str:
    return next((part for part in _SENTENCE.split(words) if part and part.strip()), words).strip()


def _short(reply: str) -> str:
    bare = reply.strip()
    return bare if len(bare) <= _LONGEST_TEXT and "\n" not in bare else ""


def _words(answer: str) -> str:
    if len(answer) > _LONGEST_TEXT:
        return ""
    key = plain(answer)
    if key in _YES_NO:
        return _YES_NO[key]
    first = re.split(r"[\s,、。.]", unicodedata.normalize("NFKC", answer).casefold().strip(), maxsplit=1)[0]
    if first in _YES_NO:
        return _YES_NO[first]
    return first_number(answer) if _is_quantity(answer) else key


def _is_quantity(answer: str) -> bool:
    """A number with at most a sign, a currency and a unit around it."""
    return bool(
        re.fullmatch(r"\W{0,4}\d[\d,.\s/]*\W?\s*[^\W\d]{0,8}\W{0,3}", unicodedata.normalize("NFKC", answer))
    )
