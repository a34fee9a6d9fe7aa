"""Does an answer tell who wrote it? It says of itself that it is a model, or made by a maker, in English or Japanese.

A vote on such an answer is no longer blind. To speak of a model isn't enough ("Qwen is made by Alibaba"), nor is to
quote one. Whether what it says is true doesn't matter: "I am ChatGPT" sways also where it is wrong. Pure; `arena` asks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice

from yoriai.catalog.makers import load
from yoriai.records import Leak

_LONGEST = 40_000  # characters of an answer that are read: who it is stands at its beginning or its end
_MOST = 100  # names in it that are looked at
_BEFORE, _BEHIND = 160, 60  # characters around a name
# Words of a model's name by which nobody knows it.
_GENERIC = frozenset({
    "assistant", "base", "best", "chat", "citations", "code", "coder", "collection", "consistency", "council",
    "distill", "instruct", "judge", "large", "local", "medium", "mini", "model", "nightly", "preview", "reasoner",
    "repair", "self", "small", "think", "tree", "turbo", "with",
})  # fmt: skip
_FIRST_WORD = re.compile(r"[^\s_\-]+")
_WORD = re.compile(r"[^\W\d_]{4,}")
_QUOTED = re.compile(
    r"“[^”\n]{0,500}”|\"[^\"\n]{0,500}\"|「[^」\n]{0,500}」|『[^』\n]{0,500}』|^>.*$", re.MULTILINE
)
# Between "I am" and the name stand only words like these; "I am a fan of Google" has others.
_FILLER = (
    r"(?:(?:an?|the|your|called|named|actually|just|simply|indeed|based|on|powered|by|version|instance|member|part|large|"
    r"small|language|models?|ai|artificial|intelligence|assistant|chatbot|bot|virtual|digital|helpful|friendly|open|"
    r"source|family|series|of|from|developed|created|trained|made|built|designed|provided|known|as|and|powerful|"
    r"multilingual|conversational|generative|new|which|that|is|was|am|llm|i|my|name)[\s,:*_\-]+){0,24}"
)
_MADE = r"(?:developed|created|trained|made|built|designed|produced|fine-?tuned)"
_SELF = r"(?:私|わたし|わたくし|僕|ぼく|俺|当方|こちら)(?:の(?:名前|名|正式名称))?(?:は|こそ|も)"
_BY = r"(?:社|株式会社|氏)?(?:の(?:チーム|研究者|研究チーム))?(?:に(?:よって|より|て)?|が)"
_BUILT = r"(?:開発|作|創|訓練|学習|トレーニング|構築|設計|提供|製)"
_KIND = r"(?:AI|LLM|モデル|アシスタント|チャットボット)"
_PARTS = {
    "<FILLER>": _FILLER,
    "<MADE>": _MADE,
    "<SELF>": _SELF,
    "<BY>": _BY,
    "<BUILT>": _BUILT,
    "<KIND>": _KIND,
}
_CLAIMS = (
    r"\b(?:i\s+am|i['’]m|my\s+(?:full\s+)?name\s+is|call\s+me|i\s+go\s+by)[\s,:*_]+<FILLER><NAME>",
    r"\bi\s+(?:was|have\s+been)\s+(?:\w+ly\s+)?<MADE>(?:\s+and\s+<MADE>)?\s+by\s+<FILLER><NAME>",
    r"\bmy\s+(?:creators?|developers?|makers?|company)(?:,|\s+is|\s+are|\s+at)\s+<FILLER><NAME>",
    r"\bas\s+<FILLER><NAME>\s*[,']",
    r"^\s*(?:this\s+is|it['’]s)\s+<NAME>\s*[.,!]",
    r"<SELF>[^。!?\n]{0,60}?<NAME>[^。!?\n]{0,12}?(?:です|と申し|といい|と言い|という名|と呼ばれ|である|でございます|だよ|だ[。!])",
    r"<SELF>[^。!?\n]{0,40}?<NAME><BY>[^。!?\n]{0,12}?<BUILT>",
    r"<SELF>[^。!?\n]{0,40}?<NAME>(?:社|株式会社)?(?:の|製の?)[^。!?\n]{0,10}?<KIND>",
    r"^\s*<NAME><BY>[^。!?\n]{0,12}?<BUILT>[^。!?\n]{0,24}?<KIND>(?:です|として|なので|であ|の)",
    r"^\s*(?:はい、|こんにちは[。!、]?)?\s*<NAME>(?:です。|と申します)",
)


def leak_of(answers_a: Iterable[str], answers_b: Iterable[str], model_a: str, model_b: str) -> Leak:
    """Whose answers tell who wrote them."""
    names = tuple(sorted({model_a, model_b}))
    tells_a, tells_b = (any(tells(answer, names) for answer in answers) for answers in (answers_a, answers_b))
    if tells_a and tells_b:
        return "both"
    return "model_a" if tells_a else "model_b" if tells_b else ""


def tells(answer: str, models: tuple[str, ...] = ()) -> bool:
    """Whether this answer names a model, its family or its maker as itself. `models`: that it may be, by name."""
    half = _LONGEST // 2
    read = answer if len(answer) <= _LONGEST else f"{answer[:half]}\n{answer[-half:]}"
    plain = _QUOTED.sub(" ", unicodedata.normalize("NFKC", read)).replace("**", "").replace("`", "")
    folded = plain.casefold()
    own = tuple(sorted(word for word in _own_words(models) if word in folded))
    if not own and not any(word in folded for word in _known_words()):  # far faster than to look for names
        return False
    name, claims = _patterns(own)
    named = islice(name.finditer(plain), _MOST)
    return any(claim.search(_around(plain, *match.span())) for match in named for claim in claims)


def _around(text: str, start: int, end: int) -> str:
    """The sentence of a name, or as much of it as may matter."""
    before = text[max(0, start - _BEFORE) : start]
    begin = max(before.rfind(sign) for sign in "。.!?\n")
    whole = begin >= 0 or start <= _BEFORE
    return ("" if whole else "…") + before[begin + 1 :] + text[start : end + _BEHIND]


def _own_words(models: Iterable[str]) -> set[str]:
    """Of models' names; by generic ones nobody knows them."""
    folded = (unicodedata.normalize("NFKC", model).casefold() for model in models)
    return {word for model in folded for word in _WORD.findall(model)} - _GENERIC


@lru_cache(maxsize=1)
def _known_names() -> frozenset[str]:
    return frozenset(name for maker in load() for name in (maker.name, *maker.names, *maker.models))


@lru_cache(maxsize=1)
def _known_words() -> frozenset[str]:
    """Without one of these there is no known name."""
    return frozenset(_FIRST_WORD.findall(name.casefold())[0] for name in _known_names())


@lru_cache(maxsize=64)
def _patterns(own: tuple[str, ...]) -> tuple[re.Pattern[str], tuple[re.Pattern[str], ...]]:
    """What finds any name, and what finds a claim to be it."""
    name = _name({*_known_names(), *own})
    parts = {**_PARTS, "<NAME>": name}
    claims = (re.compile(_filled(claim, parts), re.IGNORECASE | re.MULTILINE) for claim in _CLAIMS)
    return re.compile(name, re.IGNORECASE), tuple(claims)


def _filled(pattern: str, parts: Mapping[str, str]) -> str:
    for place, part in parts.items():
        pattern = pattern.replace(place, part)
    return pattern


def _name(names: Iterable[str]) -> str:
    """Any of these, whole; a version may follow. The longer first: "Llama" isn't the end of "Llama-Guard"."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    words = "|".join(r"[\s_\-]*".join(map(re.escape, re.split(r"[\s_\-]+", name))) for name in longest_first)
    return rf"(?<![A-Za-zァ-ヺー])(?:{words})(?![A-Za-zァ-ヺー])(?:\s?[\d.\-]{{1,8}})?"
