"""The values of what is kept for people: groups, collections, documents, assistants, councils, jobs. No behaviour.

`store` reads and writes them, `jobs`, `knowledge` and `responders` work with them, the surfaces show them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from yoriai.types import Sampling

Sharing = Literal["owner", "groups", "everyone"]  # who may read it; to change it is its owner's alone
# duplicate: another document of the collection has this content; stopped: somebody wants it to be read later;
# excluded: removed, though its folder still has it.
DocumentStatus = Literal["queued", "ready", "failed", "duplicate", "stopped", "excluded"]
JobState = Literal["queued", "running", "done", "failed", "cancelled"]
Winner = Literal["model_a", "model_b", "tie", "bothbad"]
Topic = Literal["code", "arithmetic", "documents", "writing", "other"]
Leak = Literal["", "model_a", "model_b", "both"]
Voters = Literal["everyone", "mine", "here", "imported"]  # who voted


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupName:
    id: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    id: str
    name: str
    active: bool  # a disabled account stays in its groups, and sees nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Accounts that things are shared with together."""

    id: str
    name: str
    created_at: datetime
    members: tuple[Member, ...] = ()  # by name


@dataclass(frozen=True, kw_only=True, slots=True)
class Collection:
    id: str
    owner_id: str
    name: str
    sharing: Sharing
    embedding_model: str  # whose vectors are searched now; empty: there are none yet
    revision: int
    vector_revision: int
    created_at: datetime
    updated_at: datetime
    metadata: dict[str, str] = field(default_factory=dict)  # what a client notes of it
    groups: tuple[GroupName, ...] = ()  # of sharing "groups": those that whoever looks may know of


@dataclass(frozen=True, kw_only=True, slots=True)
class Assistant:
    """A model with a role, sampling and documents; `assistant:NAME` wherever a model's name is."""

    id: str
    owner_id: str
    name: str
    sharing: Sharing
    model: str  # empty: whoever answers by default
    system_prompt: str
    sampling: Sampling
    collection_ids: tuple[str, ...]
    mode: Literal[
        "passages", "whole"
    ]  # what is put before the model: passages that were found, or whole documents
    only_documents: bool  # "not in the documents" where they don't bear out an answer
    checks_support: bool
    judge: str = ""  # model that is asked about sentences afterwards; empty: none
    tools: tuple[str, ...] = ()  # that it may use
    created_at: datetime
    updated_at: datetime
    groups: tuple[GroupName, ...] = ()  # of sharing "groups": those that whoever looks may know of


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """A question put to several responders; each has a conversation of its own."""

    id: str
    user_id: str
    kind: Literal["side", "blind"]  # blind: names are hidden until its user has voted
    title: str
    created_at: datetime
    updated_at: datetime
    revealed_at: datetime | None = None
    winner: Winner | None = None  # of a blind one, once voted on
    leak: Leak = ""  # whose answer told its name


@dataclass(frozen=True, kw_only=True, slots=True)
class Council:
    """Responders that answer together; `council:NAME` wherever a model's name is."""

    id: str
    owner_id: str
    name: str
    sharing: Sharing
    members: tuple[str, ...]  # responders, the most trusted first: that order decides ties
    chair: str  # who writes the answer; empty: the first member
    mode: Literal["synthesise", "vote", "debate"]
    reviews: bool  # each member looks at the others' answers before the chair settles
    rounds: int  # of a debate, after the first answers
    member_tokens: int  # of one answer
    member_seconds: float  # for one answer, from when its model is ready
    max_tokens: int = 65_536  # that all of them write together
    max_seconds: float = 3600.0  # for all of it, from the first call on
    created_at: datetime
    updated_at: datetime
    groups: tuple[GroupName, ...] = ()  # of sharing "groups": those that whoever looks may know of


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptFile:
    """What was handed in. Its copy in the data folder is named by `id`; `name` is only text."""

    id: str
    owner_id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    is_kept: bool  # stays when no document uses it any more
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownDocument:
    """A file as a member of a collection, and what became of it."""

    id: str
    collection_id: str
    file_id: str | None
    name: str
    source: str  # path or address that it came from; empty: it was handed in
    sha256: str
    size_bytes: int
    status: DocumentStatus
    added_at: datetime
    media_type: str = ""
    title: str = ""
    error_key: str | None = None
    error_values: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()  # keys of the catalogue of messages
    tags: tuple[str, ...] = ()
    attributes: dict[str, str | float | bool] = field(
        default_factory=dict
    )  # types of those tags that have one
    pages: int = 0
    passages: int = 0
    modified_at: datetime | None = None
    indexed_at: datetime | None = None
    wanted_revision: int = 0  # goes up when it is to be read anew: what was begun before is out of date


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Work that outlives whoever asked for it, and the process that began it."""

    id: str
    kind: str
    owner_id: str
    subject_id: str
    state: JobState
    created_at: datetime
    updated_at: datetime
    done: int = 0
    total: int = 0
    detail: str = ""  # what it works on just now
    error_key: str | None = None
    error_values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One message of a conversation that was voted on."""

    role: str
    content: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """How an answer looks, whatever it says."""

    length: int  # characters
    headers: int = 0
    lists: int = 0  # items
    bold: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Vote:
    """Which of two answers somebody preferred."""

    id: str
    key: str  # the same vote, wherever it is kept, has the same
    owner_id: str  # who voted, or brought it in
    question_id: str  # as its file calls it
    judge: str  # who voted, by name
    model_a: str
    model_b: str
    winner: Winner
    voted_at: datetime
    is_blind: bool = True  # nobody knew who was who
    is_imported: bool = False
    is_shared: bool = False  # counts on everybody's boards
    leak: Leak = ""  # whose answer told its name
    language: str = ""  # of the question: "en", "ja", or a name in English
    topic: Topic = "other"
    turn: int = 1  # questions in it
    conversation_a: tuple[Turn, ...] = ()
    conversation_b: tuple[Turn, ...] = ()
    style_a: Style | None = None  # of all its answers together; None: nobody knows
    style_b: Style | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class VoteFilter:
    """Which votes a board counts; empty: all."""

    language: str = ""
    topic: Topic | Literal[""] = ""
    voters: Voters = "everyone"
    judge: str = ""
    group: str = ""  # id; only votes that those who are in it now have cast here
    with_named: bool = False  # also where the names were seen
    with_leaks: bool = False  # also where an answer told its name


RunState = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """How a run asks. With the same ones, and the same weights, it ends the same."""

    limit: int = 0  # samples, of the exam's fixed order; 0: all
    epochs: int = 1  # times that each is asked
    seed: int = 1
    temperature: float = 0.0
    max_tokens: int = 0  # of an answer; 0: what the exam sets
    parallel: int = 1  # samples at the same time: with more than one, replies may differ from run to run
    method: str = ""  # how a choice is read: "letter" or "likelihood"; empty: as the exam has it
    judge: str = ""  # responder that scores where nothing else can
    data: str = ""  # file or folder on this machine; empty: where the settings say


@dataclass(frozen=True, kw_only=True, slots=True)
class ExamRun:
    """One responder sitting one exam."""

    id: str
    owner_id: str
    task: str
    version: int
    model: str
    digest: str
    options: RunOptions
    state: RunState
    created_at: datetime
    updated_at: datetime
    total: int = 0
    error_key: str | None = None
    error_values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExamSample:
    """What was asked once, what came, and how it was scored."""

    run_id: str
    sample_id: str
    epoch: int
    place: int
    prompt: tuple[dict[str, Any], ...]
    target: str
    output: str
    answer: str
    values: dict[str, float]
    explanation: str
    seed: int
    finish_reason: str | None
    prompt_tokens: int
    completion_tokens: int
    generation_ms: float | None
    solving_s: float
    scoring_s: float
    ended_at: datetime
    error_key: str | None = None
    error_values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class QuestionSet:
    """Questions of one's own; `own:NAME` wherever an exam's name is."""

    id: str
    owner_id: str
    name: str
    version: int
    created_at: datetime
    updated_at: datetime


Check = Literal["exact", "contains", "regex", "number", "json_schema", "code", "citations", "rubric"]


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnQuestion:
    """A question and how its answer is checked. Edited, it is another version of the set."""

    id: str
    set_id: str
    question: str
    check: Check
    expected: str  # the answer, the pattern, the schema, the tests or the rubric
    since_version: int
    created_at: datetime
    messages: tuple[Turn, ...] = ()  # what was said before it
    details: dict[str, Any] = field(default_factory=dict)  # "tolerance" of a number
    is_approved: bool = True
    origin: str = ""
    until_version: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptToolFile:
    """What was handed to the tools of a conversation, or what they made. `name` is only text."""

    id: str
    user_id: str
    conversation_id: str  # empty: of a call outside conversations
    origin: Literal["upload", "output"]
    name: str
    media_type: str
    size_bytes: int
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class McpServer:
    """A program or address whose tools may be called, as an administrator added it."""

    id: str
    name: str
    command: tuple[str, ...]  # of a program; empty: an address
    url: str
    is_trusted: bool  # a program that runs without confinement
    approved: dict[str, Any] = field(hash=False)  # tool -> what was shown of it when it was approved
    created_at: datetime
