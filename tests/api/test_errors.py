"""Every error class has a status, and a place in a request is named as OpenAI names it."""

from __future__ import annotations

import inspect

import pytest

from yoriai import errors
from yoriai.api.errors import STATUS, body_of, field_name, status_of
from yoriai.errors import YoriaiError

CLASSES = [cls for _, cls in inspect.getmembers(errors, inspect.isclass) if issubclass(cls, YoriaiError)]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_error_class_has_a_status(cls: type[YoriaiError]) -> None:
    assert 400 <= status_of(cls("api.bug")) < 600


def test_only_the_root_is_an_internal_error() -> None:
    assert [cls for cls in CLASSES if status_of(cls("api.bug")) == 500] == [YoriaiError]


def test_the_table_names_no_class_that_does_not_exist() -> None:
    assert set(STATUS) <= set(CLASSES)


def test_an_error_speaks_the_language_that_is_asked_for() -> None:
    error = errors.NotFoundError("api.model_unknown", param="model", name="x")
    assert body_of(error, "en")["error"] == {
        "message": "There is no model called “x”. GET /v1/models lists the names.",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
    }
    assert "「x」" in body_of(error, "ja")["error"]["message"]


def test_fields_are_named_as_openai_names_them() -> None:
    assert field_name(("messages", 0, "content")) == "messages[0].content"
    assert field_name(("stop", "list[constrained-str]", 1)) == "stop[1]"
