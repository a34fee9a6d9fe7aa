"""What a server streams becomes the same events and errors that the own engine gives."""

from __future__ import annotations

import json

import pytest

from deliberating import COUNCIL
from yoriai import errors
from yoriai.api.chunks import ChatChunks
from yoriai.api.errors import body_of, status_of
from yoriai.cli.ask import joined
from yoriai.cli.talk import error_of, events_of
from yoriai.errors import YoriaiError
from yoriai.types import Finish, ReasoningDelta, Stage, TextDelta, Usage


def test_events_survive_the_way_through_the_wire() -> None:
    events = [
        Stage(name="members", detail="A", progress=0.5), ReasoningDelta(text="hm"), TextDelta(text="日本"),
        COUNCIL, Finish(reason="length"),
        Usage(prompt_tokens=1, completion_tokens=2, generation_ms=4.0, context_size=4096),
    ]  # fmt: skip
    encoder = ChatChunks("m", include_usage=True)
    parts = b"".join(encoder.encode(event) for event in events).decode().split("\n\n")
    chunks = [json.loads(part.removeprefix("data: ")) for part in parts if part]
    assert [event for chunk in chunks for event in events_of(chunk)] == events


ERRORS = [
    errors.ContextOverflowError("api.bug"),
    errors.DoesNotFitError("api.bug"),
    errors.NotFoundError("api.bug"),
    errors.NotFoundError("api.bug", param="model"),
    errors.EngineLostError("api.bug"),
    errors.AuthenticationError("api.bug"),
    errors.ForbiddenError("api.bug"),
    errors.UsageError("api.bug"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_keeps_its_class_on_the_way_through_the_wire(error: YoriaiError) -> None:
    again = error_of(status_of(error), body_of(error, "en"))
    assert type(again) is type(error)
    assert again.values["message"] == body_of(error, "en")["error"]["message"]


def test_the_document_stands_before_the_question() -> None:
    assert joined("notes\n", "要約して") == "notes\n\n要約して"
    assert joined("", "q") == "q"
    assert joined("d\n", "") == "d"
