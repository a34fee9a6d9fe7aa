"""How `kb` shows what the API says: rows for programs, cells for people. Knows no service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yoriai.cli import sharing
from yoriai.cli.terminal import harmless, note, result, say, size
from yoriai.i18n.catalogue import text
from yoriai.i18n.terminal import terminal_language

COLLECTION_COLUMNS = ("name", "documents", "failed", "passages", "vectors", "size", "sharing", "id")
DOCUMENT_COLUMNS = ("name", "state", "pages", "passages", "size", "detail")
EVALUATION_COLUMNS = ("method", "recall_1", "recall_5", "recall_10", "mrr", "ndcg", "ms")
_SHOWN_OF_A_PASSAGE = 300  # characters


def collection(said: dict[str, Any]) -> dict[str, Any]:
    """A collection as one flat row."""
    kept, documents = said["collection"], said["documents"]
    return {
        "name": kept["name"], "id": kept["id"], "owner_id": kept["owner_id"], "sharing": kept["sharing"],
        "groups": [each["name"] for each in kept["groups"]], "documents": sum(documents.values()),
        "ready": documents.get("ready", 0), "duplicates": documents.get("duplicate", 0),
        "queued": documents.get("queued", 0), "stopped": documents.get("stopped", 0),
        "failed": documents.get("failed", 0), "passages": said["passages"], "vectors": said["vectors"],
        "size_bytes": said["size_bytes"], "embedding_model": said["embedding_model"],
    }  # fmt: skip


def collection_cells(rows: Sequence[dict[str, Any]]) -> list[tuple[object, ...]]:
    return [
        (
            row["name"], row["documents"], row["failed"], row["passages"], row["vectors"], size(row["size_bytes"]),
            _sharing(row), row["id"],
        )
        for row in rows
    ]  # fmt: skip


def _sharing(row: dict[str, Any]) -> str:
    """What was made on the terminal belongs to all administrators."""
    from yoriai.access import LOCAL_OPERATOR_ID  # imports what `--help` needn't wait for

    if row["sharing"] == "owner" and row["owner_id"] == LOCAL_OPERATOR_ID:
        return say("kb_sharing_local")
    groups = [sharing.GROUP + name for name in row["groups"]]
    return ", ".join(groups) or say(f"kb_sharing_{row['sharing']}")


def document(said: dict[str, Any]) -> dict[str, Any]:
    """A document as one flat row."""
    kept = said["document"]
    return {
        "name": kept["name"], "id": kept["id"], "status": kept["status"], "pages": kept["pages"],
        "passages": kept["passages"], "size_bytes": kept["size_bytes"], "media_type": kept["media_type"],
        "sha256": kept["sha256"], "source": kept["source"], "tags": kept["tags"], "error": kept["error_key"],
        "message": said["message"], "warnings": said["warnings"],
    }  # fmt: skip


def document_cells(rows: Sequence[dict[str, Any]]) -> list[tuple[object, ...]]:
    return [
        (
            row["name"], say(f"kb_status_{row['status']}"), row["pages"], row["passages"], size(row["size_bytes"]),
            row["message"] or " ".join(row["warnings"]),
        )
        for row in rows
    ]  # fmt: skip


def status(said: dict[str, Any]) -> dict[str, Any]:
    """A collection's row, with what goes on and what went wrong."""
    listed = [document(each) for each in said["listed"]]
    return {
        **collection(said),
        "is_model_installed": said["is_model_installed"],
        "is_worked_on": said["is_worked_on"],
        "folders": said["folders"],
        "missing_folders": said["missing_folders"],
        "jobs": [
            {name: job[name] for name in ("id", "kind", "state", "done", "total", "detail")}
            for job in said["jobs"]
        ],
        "errors": [
            text(job["error_key"], terminal_language(), **job["error_values"]) for job in said["failed_jobs"]
        ],
        "lost": [
            document(each)
            for each in said["listed"]
            if "knowledge.warning_copy_gone" in each["document"]["warnings"]
        ],
        "failures": [row for row in listed if row["status"] == "failed"],
    }


def print_status(reports: Sequence[dict[str, Any]]) -> None:
    for report in reports:
        result(say("kb_status_line", **{name: report[name] for name in _COUNTED}))
        if not report["is_model_installed"]:
            result("  " + say("kb_no_model", name=report["embedding_model"]))
        # Work of a kind that waits while some of it is done is the same thing to whoever looks.
        for job in {job["kind"]: job for job in reversed(report["jobs"])}.values():
            state = job["state"] if report["is_worked_on"] else "waiting"
            words = say(
                f"kb_job_{state}", kind=say("kb_kind_" + job["kind"]), done=job["done"], total=job["total"]
            )
            result(f"  {words} {harmless(job['detail'])}".rstrip())
        for error in dict.fromkeys(report["errors"]):
            result(f"  {harmless(error)}")
        for folder in report["folders"]:
            name = "kb_folder_missing" if folder in report["missing_folders"] else "kb_folder"
            result("  " + say(name, path=harmless(folder)))
        print_failures(report["failures"])
        for row in report["lost"]:
            result(f"  {harmless(row['name'])}: {' '.join(row['warnings'])}")


_COUNTED = ("name", "documents", "ready", "duplicates", "queued", "stopped", "failed", "passages", "vectors")


def print_failures(rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        result(f"  {harmless(row['name'])}: {harmless(row['message'])}")


def print_added(outcome: dict[str, Any]) -> None:
    values = {
        name: outcome[name] for name in ("collection", "new", "changed", "unchanged", "passages", "vectors")
    }
    counts = {name: outcome["documents"].get(name, 0) for name in ("ready", "queued")}
    result(say("kb_added", **values, **counts, failed=len(outcome["failed"])))
    print_failures(outcome["failed"])
    if not outcome["is_model_installed"]:
        note(say("kb_no_model", name=outcome["embedding_model"]))


def hit(said: dict[str, Any]) -> dict[str, Any]:
    """A found passage as one flat row."""
    names = (
        "document", "page", "start", "end", "text", "score", "lexical", "dense", "relevance", "heading_path",
        "language", "document_id", "file_id", "passage_id", "collection_id",
    )  # fmt: skip
    return {name: said[name] for name in names}


def print_hits(found: Sequence[dict[str, Any]]) -> None:
    if not found:
        result(say("kb_nothing_found"))
    for place, each in enumerate(found, 1):
        halves = {name: _number(each[name]) for name in ("lexical", "dense")}
        scores = say(
            "kb_scores" if each["relevance"] is None else "kb_scores_reranked",
            score=f"{each['score']:.3f}",
            **halves,
        )
        result(f"{place}. {harmless(each['document'])}  {say('kb_page', page=each['page'])}  {scores}")
        text = " ".join(harmless(each["text"]).split())
        result(f"   {text[:_SHOWN_OF_A_PASSAGE]}{'…' if len(text) > _SHOWN_OF_A_PASSAGE else ''}")


def evaluation_cells(outcome: dict[str, Any]) -> list[tuple[object, ...]]:
    rows = []
    for each in outcome["methods"]:
        quality = each["quality"]
        figures = [
            *(quality["recall"][cutoff] for cutoff in ("1", "5", "10")),
            quality["mrr"],
            quality["ndcg"],
        ]
        milliseconds = each["search_ms"] + each["embedding_ms"] + each["reranking_ms"]
        rows.append((each["method"], *(_estimate(figure) for figure in figures), f"{milliseconds:.1f}"))
    return rows


def _estimate(figure: dict[str, float]) -> str:
    """Its interval below it: side by side the columns would not fit on a terminal."""
    return f"{100 * figure['value']:.1f}\n{100 * figure['low']:.1f}–{100 * figure['high']:.1f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
