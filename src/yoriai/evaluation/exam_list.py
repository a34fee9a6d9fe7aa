"""Every exam by its name. Knows the files of `evaluation.tasks`; a new one is added here."""

from __future__ import annotations

from urllib.parse import urlsplit

from yoriai.errors import NotFoundError
from yoriai.evaluation.task import Task
from yoriai.evaluation.tasks import (
    bfcl,
    elyza_tasks,
    gsm8k,
    humaneval,
    japanese_mt_bench,
    jcommonsenseqa,
    jmmlu,
    jsquad,
    mbpp,
    mgsm,
)

_ALL = (
    humaneval.TASK, humaneval.PLUS, mbpp.TASK, gsm8k.TASK, mgsm.JAPANESE, mgsm.ENGLISH, jcommonsenseqa.TASK,
    jmmlu.TASK, jsquad.TASK, bfcl.SIMPLE, bfcl.MULTIPLE, bfcl.PARALLEL, japanese_mt_bench.TASK, elyza_tasks.TASK,
)  # fmt: skip
TASKS: dict[str, Task] = {task.name: task for task in _ALL}


def named(name: str) -> Task:
    """Raises: NotFoundError."""
    if name not in TASKS:
        raise NotFoundError("evaluation.no_exam", param="task", name=name[:200], known=", ".join(TASKS))
    return TASKS[name]


def hosts() -> set[str]:
    """That data of exams is published on."""
    return {urlsplit(file.url).hostname or "" for task in TASKS.values() for file in task.files}
