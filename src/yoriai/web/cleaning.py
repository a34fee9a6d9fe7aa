"""Makes text and HTML harmless. The last step before anything reaches the page.

`clean_text` takes out characters that hide or reorder what a person reads; `clean_html` keeps only
the elements, attributes and classes that this product writes itself, so that a mistake in any step
before it does no harm. Knows no Markdown. Called by `markdown`.
"""

from __future__ import annotations

import re

import nh3
from pygments.token import STANDARD_TYPES

CODE_CLASS_PREFIX = "y-"

# Controls, marks that turn the writing direction (Trojan Source), interlinear annotation, tag characters.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_VISIBLE = {"\x00": "\ufffd", "\ufffe": "\ufffd", "\uffff": "\ufffd", "\u2028": "\n", "\u2029": "\n"}

_TEXT_TAGS = "p br hr h3 h4 h5 h6 strong em s code pre blockquote ul ol li table thead tbody tr th td div span a button"
_FORMULA_TAGS = (
    "math mrow mi mn mo mtext mspace mfrac msqrt mroot mstyle msub msup msubsup munder mover munderover "
    "mtable mtr mtd mpadded mphantom menclose"
)
_FORMULA_VALUES = {
    "math": "display alttext",
    "mi": "mathvariant",
    "mn": "mathvariant",
    "mo": "mathvariant stretchy fence form separator movablelimits largeop accent minsize maxsize",
    "mtext": "mathvariant",
    "mspace": "width height depth",
    "mfrac": "linethickness",
    "mstyle": "displaystyle scriptlevel mathcolor",
    "munder": "accentunder",
    "mover": "accent",
    "mtable": "displaystyle columnalign columnlines rowlines columnspacing rowspacing",
    "mtd": "columnalign",
    "mpadded": "width height depth lspace voffset",
    "menclose": "notation",
}
_LENGTHS = {"width", "height", "depth", "lspace", "voffset", "minsize", "maxsize", "linethickness"}
# Wide enough for every space LaTeX has a name for, too small to move a formula over something else.
_SHORT_LENGTH = re.compile(
    r"\+?\d?(\.\d{1,4})?(em|ex|mu)?|-[01]?(\.\d{1,4})?(em|ex|mu)|[+-]?\d{1,2}(\.\d+)?(px|pt)"
)
_WORDS = re.compile(r"[#\w .-]{1,200}", re.ASCII)

_CLASSES = {
    "div": {"y-scroll", "y-plain", "y-code", "y-code-head", "y-formula"},
    "span": {"y-code-language", "y-image", "y-formula", "y-host", "y-cite", "y-member", "y-verdict"}
    | {CODE_CLASS_PREFIX + name for name in STANDARD_TYPES.values() if name},
    "a": {"y-image"},
    "button": {"y-copy"},
    "code": {"y-formula-source"},
    "li": {"y-task"},
    "th": {"y-left", "y-center", "y-right"},
    "td": {"y-left", "y-center", "y-right"},
}


def clean_text(text: str) -> str:
    """The text without characters that deceive. Works per character: parts may be cleaned one by one."""
    return _HARMFUL.sub(
        lambda match: _VISIBLE.get(match[0], "\ufffd" if "\ud800" <= match[0] <= "\udfff" else ""), text
    )


def clean_html(html: str) -> str:
    return _CLEANER.clean(clean_text(html))


def _allowed_value(tag: str, name: str, value: str) -> str | None:
    if tag not in _FORMULA_VALUES or name == "alttext":
        return value
    allowed = _SHORT_LENGTH if name in _LENGTHS else _WORDS
    return value if allowed.fullmatch(value) else None


_CLEANER = nh3.Cleaner(
    tags={*_TEXT_TAGS.split(), *_FORMULA_TAGS.split()},
    clean_content_tags={"script", "style"},
    attributes={
        "a": {"href", "title"},
        "ol": {"start"},
        "button": {"type", "data-copy"},
        **{tag: set(names.split()) for tag, names in _FORMULA_VALUES.items()},
    },
    attribute_filter=_allowed_value,
    set_tag_attribute_values={"a": {"target": "_blank"}},
    tag_attribute_values={},
    link_rel="noopener noreferrer nofollow",
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
    allowed_classes=_CLASSES,
)
