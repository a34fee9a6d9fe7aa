"""The tree of errors is the one that is drawn; each has a code of its own, and a text instead of a traceback."""

from __future__ import annotations

import inspect
import re

import pytest

from yoriai import errors
from yoriai.errors import NotFoundError, YoriaiError
from yoriai.i18n.catalogue import error_text

CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, YoriaiError)]


def drawn_tree() -> dict[str, str | None]:
    """Class -> branch, as the docstring of `errors` draws them."""
    tree: dict[str, str | None] = {}
    branch = [""] * 9
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"([│├└─ ]*)(\w+Error)\b", line)
        if found:
            depth = len(found[1]) // 4
            branch[depth] = found[2]
            tree[found[2]] = branch[depth - 1] if depth else None
    return tree


def real_tree() -> dict[str, str | None]:
    return {cls.__name__: None if cls is YoriaiError else cls.__bases__[0].__name__ for cls in CLASSES}


def test_the_tree_is_the_one_in_the_docstring() -> None:
    assert drawn_tree() == real_tree()


def test_every_class_hangs_on_one_branch() -> None:
    assert all(len(cls.__bases__) == 1 for cls in CLASSES)
    assert YoriaiError.__bases__ == (Exception,)


def test_every_code_is_unique() -> None:
    codes = [cls.code for cls in CLASSES]
    assert len(set(codes)) == len(codes)
    assert all("code" in vars(cls) for cls in CLASSES)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_codes_are_short_words_for_programs(cls: type[YoriaiError]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", cls.code)


def test_an_error_carries_what_its_text_and_a_program_need() -> None:
    error = NotFoundError("accounts.user_unknown", param="name", name="花子")
    assert error.param == "name"
    assert error.values == {"name": "花子"}
    assert error_text(error, "en") == "There is no user named 花子."
    assert str(error) == "accounts.user_unknown(name='花子')"


def test_values_can_be_kept_as_json() -> None:
    error = NotFoundError("accounts.user_unknown", name=ValueError("odd"), count=3)
    assert error.plain_values() == {"name": "odd", "count": 3}
