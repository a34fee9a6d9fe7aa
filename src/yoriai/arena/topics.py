"""What a question is in and about: its language and a coarse topic, by words and signs alone. Pure.

Coarse on purpose: boards by topic need votes, and a few topics gather them sooner. A question that looks like several
gets the first of code, arithmetic, documents, writing. Also how an answer looks, for style control.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from yoriai.records import Style, Topic

# Public votes name languages in English.
NAMES = {"en": "English", "ja": "Japanese", "zh": "Chinese", "ko": "Korean"}
_CODES = {name.casefold(): code for code, name in NAMES.items()}
_READ = 4000  # characters of a question; a document behind it doesn't change what is asked
_LONG = 1500  # a question with so much text in it has brought the text along
_KANA, _HAN, _HANGUL = re.compile("[ぁ-ゖァ-ヺ]"), re.compile("[一-鿿々]"), re.compile("[가-힣]")
_LATIN = re.compile("[A-Za-z]")
_SHORT_JAPANESE = 15  # Chinese characters: a title without kana may be Japanese, a sentence isn't

_CODE = re.compile(
    r"```|\b(?:python|java|javascript|typescript|rust|golang|php|ruby|kotlin|swift|sql|html|css|bash|regex|json|"
    r"yaml|docker\w*|kubernetes|git|api|compiler|debug\w*|refactor\w*|unit tests?|source code|pseudocode|"
    r"(?:write|implement|create|fix|develop) (?:a |an |the |this |some )?(?:\w+ ){0,3}(?:function|class|script|program|"
    r"code|algorithm|query))\b|c\+\+|def \w+\(|プログラム|プログラミング|コード(?!ネーム)|関数(?:を|の)(?:作成|書)|"
    r"実装|コンパイル|デバッグ|スクリプト|正規表現|アルゴリズム",
    re.IGNORECASE,
)
_ARITHMETIC = re.compile(
    r"\d\s*[-+*/×÷^=<>]\s*\(?\d|\b(?:how (?:many|much|far|old|long)\b.{0,300}\d|calculate|compute|solve (?:for|the)|"
    r"equation|probability|percent\w*|average of|remainder|integer|derivative|integral|square root|triangle|sum of)|"
    r"\d.{0,300}\bhow (?:many|much|far|old|long)\b|計算|方程式|確率|何(?:円|個|人|枚|本|匹|冊|"
    r"杯|歳|分|時間|km|キロ|%|パーセント)|いくつ|いくら|余り|平均|合計|面積|体積|整数|微分|積分|三角形|\\frac|\$\$",
    re.IGNORECASE | re.DOTALL,
)
_DOCUMENTS = re.compile(
    r"\b(?:summari[sz]e|summary|extract|translate|proofread|paraphrase|according to|"
    r"(?:following|given|above|below|this) (?:text|passage|article|document|paragraph|e-?mail|report|table|data|"
    r"reviews?|sentences?|contract))\b|"
    r"要約|翻訳|訳して|抽出|校正|(?:次|以下|上記|この)の?(?:文章|文|記事|文書|資料|テキスト|表|議事録|契約書|レビュー|メール)|"
    r"(?:資料|文書|議事録|契約書)(?:から|に|を|の中)",
    re.IGNORECASE,
)
_WRITING = re.compile(
    r"\b(?:(?:write|compose|draft|craft|create|give me) (?:me )?(?:a |an |the |some )?(?:\w+[ -]){0,4}"
    r"(?:story|poem|haiku|essay|letter|e-?mail|blog|post|article|speech|song|lyrics|novel|review|report|paragraph|dialogue|"
    r"script|slogan|invitation|proposal|announcement|description|sonnet|limerick|joke)s?|rewrite|rephrase|role-?play|"
    r"in the style of|pretend|act as)\b|"
    r"(?:物語|小説|詩|俳句|短歌|作文|エッセイ|手紙|メール|ブログ|記事|スピーチ|歌詞|脚本|台詞|セリフ|紹介文|案内文|レビュー|感想文|企画書|"
    r"レポート|キャッチコピー|文章).{0,20}(?:書|作|考え|作成)|書き直|言い換え|になりきって|のふりをして|ロールプレイ|の役を|を演じ",
    re.IGNORECASE,
)  # fmt: skip
_TOPICS: tuple[tuple[Topic, re.Pattern[str]], ...] = (
    ("code", _CODE), ("arithmetic", _ARITHMETIC), ("documents", _DOCUMENTS), ("writing", _WRITING),
)  # fmt: skip
_HEADERS = re.compile(r"^#{1,6}\s", re.MULTILINE)
_LISTS = re.compile(r"^\s{0,20}(?:[-*+]|\d{1,9}[.)])\s", re.MULTILINE)
_BOLD = re.compile(r"\*\*[^*\n]{1,1000}\*\*|__[^_\n]{1,1000}__")


def topic_of(question: str, *, from_documents: bool = False) -> Topic:
    """`from_documents`: it was answered from a collection."""
    if from_documents:
        return "documents"
    read = question[:_READ]
    found = next((topic for topic, pattern in _TOPICS if pattern.search(read)), None)
    return found or ("documents" if len(question) > _LONG else "other")


def language_of(text: str) -> str:
    """ "ja", "en", "zh", "ko", or "other"; empty without letters."""
    read = text[:_READ]
    kana, han, hangul, latin = (len(kind.findall(read)) for kind in (_KANA, _HAN, _HANGUL, _LATIN))
    letters = sum(each.isalpha() for each in read)
    if not letters:
        return ""
    if kana >= 0.05 * letters or (kana + han >= 0.1 * letters and 0 < han <= _SHORT_JAPANESE and not hangul):
        return "ja"
    if han >= 0.1 * letters:
        return "zh"
    if hangul >= 0.1 * letters:
        return "ko"
    return "en" if latin >= 0.9 * letters else "other"


def language_code(name: str) -> str:
    """Of a language as votes name it: "Japanese" is "ja"; others stay as they are, in small letters."""
    folded = name.strip().casefold()
    return _CODES.get(folded, folded)


def style_of(answers: Iterable[str]) -> Style:
    """Of all answers of a conversation together."""
    text = "\n".join(answers)
    return Style(
        length=len(text), headers=len(_HEADERS.findall(text)), lists=len(_LISTS.findall(text)),
        bold=len(_BOLD.findall(text)),
    )  # fmt: skip
