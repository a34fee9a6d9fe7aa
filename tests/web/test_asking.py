"""Which of somebody's assistants the page of a collection takes for its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from yoriai.records import Assistant, Collection
from yoriai.types import Sampling
from yoriai.web.asking import is_for

NOW = datetime.now(UTC)
PAPERS = Collection(
    id="papers", owner_id="anna", name="papers", sharing="owner", embedding_model="", revision=0,
    vector_revision=0, created_at=NOW, updated_at=NOW,
)  # fmt: skip
PLAIN = Assistant(
    id="a", owner_id="anna", name="papers", sharing="owner", model="", system_prompt="", sampling=Sampling(),
    collection_ids=("papers",), mode="passages", only_documents=True, checks_support=True,
    created_at=NOW, updated_at=NOW,
)  # fmt: skip


def test_a_plain_assistant_of_the_collection_alone_is_its_own() -> None:
    assert is_for(PLAIN, PAPERS, "passages")
    assert is_for(replace(PLAIN, only_documents=False), PAPERS, "passages")


@pytest.mark.parametrize(
    "change",
    [
        {"system_prompt": "Speak like a pirate."},
        {"model": "smollm2-135m"},
        {"judge": "smollm2-135m"},
        {"sharing": "everyone"},
        {"collection_ids": ("papers", "more")},
        {"collection_ids": ("other",)},
        {"mode": "whole"},
    ],
    ids=str,
)
def test_one_that_was_set_up_for_other_ends_is_left_alone(change: dict[str, Any]) -> None:
    assert not is_for(replace(PLAIN, **change), PAPERS, "passages")
