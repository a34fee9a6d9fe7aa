"""OpenAI's own client against files and vector stores: what its helpers poll for is there, in its shapes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openai
import pytest

LEAVE = "社員は年に二十日の有給休暇を取ることができる。"
PARTS = "Part-timers get ten days of paid leave."


@pytest.fixture
def client(server: Any) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.token, max_retries=0) as client:
        yield client


@pytest.fixture
def store(client: openai.OpenAI) -> Iterator[openai.types.VectorStore]:
    store = client.vector_stores.create(name="rules")
    yield store
    client.vector_stores.delete(store.id)


def upload(client: openai.OpenAI, store: openai.types.VectorStore, name: str, content: bytes) -> Any:
    return client.vector_stores.files.upload_and_poll(
        vector_store_id=store.id, file=(name, content), poll_interval_ms=50
    )


def test_a_file_is_kept_listed_given_back_and_deleted(client: openai.OpenAI) -> None:
    file = client.files.create(file=("規程.txt", LEAVE.encode()), purpose="assistants")
    assert (file.filename, file.bytes, file.object) == ("規程.txt", len(LEAVE.encode()), "file")
    assert client.files.retrieve(file.id) == file
    assert file.id in [each.id for each in client.files.list()]
    assert client.files.content(file.id).read() == LEAVE.encode()
    assert client.files.delete(file.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(file.id)


def test_what_is_uploaded_is_found_with_its_place(
    client: openai.OpenAI, store: openai.types.VectorStore
) -> None:
    for name, text in (("規程.txt", LEAVE), ("handbook.md", f"# Leave\n\n{PARTS}")):
        assert upload(client, store, name, text.encode()).status == "completed"
    found = client.vector_stores.search(store.id, query="part-timers")
    best = found.data[0]
    assert best.filename == "handbook.md"
    assert PARTS in best.content[0].text
    (page,) = client.vector_stores.files.content(best.file_id, vector_store_id=store.id)
    place = (best.model_extra or {})["yoriai"]
    start, end = place["start"], place["end"]
    assert page.text is not None
    assert page.text[start:end] == best.content[0].text
    several = client.vector_stores.search(
        store.id, query=["有給休暇", "part-timers"], max_num_results=5, ranking_options={"ranker": "none"}
    )
    assert {each.filename for each in several} == {"規程.txt", "handbook.md"}
    assert client.vector_stores.retrieve(store.id).file_counts.completed == 2


def test_a_broken_file_says_why(client: openai.OpenAI, store: openai.types.VectorStore) -> None:
    failed = upload(client, store, "broken.docx", b"PK\x03\x04" + bytes(100))
    assert failed.status == "failed"
    assert failed.last_error is not None
    assert failed.last_error.message
    counts = client.vector_stores.retrieve(store.id).file_counts
    assert (counts.failed, counts.total) == (1, 1)
    (listed,) = client.vector_stores.files.list(store.id, filter="failed")
    assert listed.id == failed.id


def test_attributes_are_kept_and_filter(client: openai.OpenAI, store: openai.types.VectorStore) -> None:
    for year in (2024, 2025):
        file = client.files.create(file=(f"{year}.txt", f"Leave in {year}.".encode()), purpose="assistants")
        attached = client.vector_stores.files.create_and_poll(
            file.id, vector_store_id=store.id, attributes={"year": year, "kind": "rule"}, poll_interval_ms=50
        )
        assert attached.attributes == {"year": year, "kind": "rule"}
    wanted: Any = {"type": "and", "filters": [
        {"type": "eq", "key": "year", "value": 2025}, {"type": "eq", "key": "kind", "value": "rule"},
    ]}  # fmt: skip
    found = client.vector_stores.search(store.id, query="leave", filters=wanted)
    assert [each.filename for each in found] == ["2025.txt"]
    later = client.vector_stores.search(
        store.id, query="leave", filters={"type": "gt", "key": "year", "value": 2024}
    )
    assert [each.filename for each in later] == ["2025.txt"]


def test_attributes_and_metadata_come_back_as_they_were_given(
    client: openai.OpenAI, store: openai.types.VectorStore
) -> None:
    given: dict[str, str | float | bool] = {
        "year": 2024, "share": 0.5, "final": True, "code": "2024", "start": "here", "a=b": "c"
    }  # fmt: skip
    file = client.files.create(file=("a.txt", b"Leave."), purpose="assistants")
    files = client.vector_stores.files
    attached = files.create_and_poll(file.id, vector_store_id=store.id, attributes=given, poll_interval_ms=50)
    assert attached.attributes == given
    kinds = {key: type(value) for key, value in (attached.attributes or {}).items()}
    assert (kinds["final"], kinds["code"]) == (bool, str), "equal isn't enough: True is 1"
    (found,) = client.vector_stores.search(store.id, query="leave")
    assert found.attributes == given
    for key, value, hits in (("final", True, 1), ("final", False, 0), ("year", 2024, 1), ("share", 0.5, 1)):
        wanted: Any = {"type": "eq", "key": key, "value": value}
        assert len(client.vector_stores.search(store.id, query="leave", filters=wanted).data) == hits
    assert files.update(file.id, vector_store_id=store.id, attributes={"final": False}).attributes == {
        "final": False
    }
    assert files.update(file.id, vector_store_id=store.id, attributes=None).attributes == {}
    noted = client.vector_stores.update(store.id, metadata={"owner": "人事部"})
    assert noted.metadata == {"owner": "人事部"}
    assert client.vector_stores.update(store.id, name="renamed").metadata == {"owner": "人事部"}
    assert client.vector_stores.retrieve(store.id).metadata == {"owner": "人事部"}
    assert client.vector_stores.update(store.id, metadata=None).metadata == {}
    made = client.vector_stores.create(name="noted", metadata={"for": "tests"})
    assert made.metadata == {"for": "tests"}
    client.vector_stores.delete(made.id)


@pytest.fixture(scope="module")
def dated(server: Any) -> Iterator[tuple[openai.OpenAI, str]]:
    """Documents of three days, two kinds; the day is an attribute."""
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key=server.token, max_retries=0) as client:
        store = client.vector_stores.create(name="dated")
        for day, kind in (("2024-12-31", "rule"), ("2025-03-01", "rule"), ("2025-03-02", "note")):
            file = client.files.create(
                file=(f"{day}.txt", f"Leave as of {day}.".encode()), purpose="assistants"
            )
            client.vector_stores.files.create_and_poll(
                file.id, vector_store_id=store.id, attributes={"date": day, "kind": kind}, poll_interval_ms=50
            )
        yield client, store.id
        client.vector_stores.delete(store.id)


def by_date(operator: str, value: object) -> dict[str, Any]:
    return {"type": operator, "key": "date", "value": value}


NOON = int(datetime(2025, 3, 1, 12, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("wanted", "days"),
    [
        (by_date("gte", "2025-03-01"), "01 02"),
        (by_date("gt", "2025-03-01"), "02"),
        (by_date("lte", "2025-03-01"), "31 01"),
        (by_date("lt", "2025-03-01T00:00:00"), "31"),
        (by_date("eq", "2025-03-01"), "01"),
        (by_date("ne", "2025-03-01"), "31 02"),
        (by_date("in", ["2025-03-01", "2024-12-31"]), "31 01"),
        (by_date("gt", NOON), "02"),
        ({"type": "eq", "key": "tag", "value": "kind=note"}, "02"),
        ({"type": "in", "key": "kind", "value": ["note", "memo"]}, "02"),
        ({"type": "nin", "key": "kind", "value": ["note", "memo"]}, "31 01"),
        ({"type": "or", "filters": [by_date("lt", "2025-01-01"), by_date("gt", "2025-03-01")]}, "31 02"),
        ({"type": "and", "filters": [
            {"type": "or", "filters": [by_date("lt", "2025-01-01"), by_date("gt", "2025-03-01")]},
            {"type": "ne", "key": "kind", "value": "note"},
        ]}, "31"),
    ],
    ids=str,
)  # fmt: skip
def test_filters_compare_dates_and_tags(dated: tuple[openai.OpenAI, str], wanted: Any, days: str) -> None:
    client, store_id = dated
    found = client.vector_stores.search(store_id, query="leave", filters=wanted)
    assert {each.filename[8:10] for each in found} == set(days.split())


def test_a_document_s_own_date_is_when_it_was_changed(
    client: openai.OpenAI, store: openai.types.VectorStore
) -> None:
    upload(client, store, "a.txt", b"Leave.")
    today = datetime.now().astimezone().date().isoformat()
    for operator, names in (("eq", ["a.txt"]), ("lt", [])):
        wanted: Any = by_date(operator, today)
        found = client.vector_stores.search(store.id, query="leave", filters=wanted)
        assert [each.filename for each in found] == names


@pytest.mark.parametrize(
    "wanted",
    [
        {"type": "like", "key": "kind", "value": "x"},
        {"type": "and", "filters": []},
        {"type": "gt", "key": "kind", "value": "x"},
        {"type": "gt", "key": "tag", "value": 1},
        {"type": "eq", "key": "kind", "value": {"a": 1}},
        {"type": "lt", "key": "year", "value": 10**30},
        by_date("gte", "yesterday"),
        {"type": "or", "filters": [by_date("eq", 1)] * 300},
    ],
    ids=lambda wanted: str(wanted)[:60],
)
def test_a_filter_that_makes_no_sense_is_refused_with_its_reason(
    wanted: Any, client: openai.OpenAI, store: openai.types.VectorStore
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.vector_stores.search(store.id, query="leave", filters=wanted)
    assert refused.value.param == "filters"


def test_stores_are_listed_in_parts_renamed_and_deleted(client: openai.OpenAI) -> None:
    made = [client.vector_stores.create(name="same").id for _ in range(3)]  # names may be given twice
    assert [each.id for each in client.vector_stores.list(limit=1) if each.id in made] == made[::-1]
    assert client.vector_stores.update(made[0], name="other").name == "other"
    for store_id in made:
        assert client.vector_stores.delete(store_id).deleted
    with pytest.raises(openai.NotFoundError):
        client.vector_stores.retrieve(made[0])


def test_a_detached_file_stays_and_a_deleted_one_takes_its_document_along(
    client: openai.OpenAI, store: openai.types.VectorStore
) -> None:
    document = upload(client, store, "a.txt", LEAVE.encode())
    client.vector_stores.files.delete(document.id, vector_store_id=store.id)
    assert client.files.retrieve(document.id).filename == "a.txt"
    client.vector_stores.files.create_and_poll(document.id, vector_store_id=store.id, poll_interval_ms=50)
    assert client.vector_stores.search(store.id, query="有給休暇").data
    client.files.delete(document.id)
    assert not client.vector_stores.search(store.id, query="有給休暇").data


def test_several_files_at_once(client: openai.OpenAI, tmp_path: Path) -> None:
    files = [
        client.files.create(file=(f"{n}.txt", f"Rule {n}.".encode()), purpose="assistants") for n in (1, 2)
    ]
    store = client.vector_stores.create(name="both", file_ids=[file.id for file in files])
    batch = client.vector_stores.file_batches.create_and_poll(
        store.id, file_ids=[file.id for file in files], poll_interval_ms=50
    )
    assert (batch.status, batch.file_counts.completed) == ("completed", 2)
    client.vector_stores.delete(store.id)
