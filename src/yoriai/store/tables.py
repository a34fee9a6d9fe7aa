"""Every table. Changed only together with a migration; a test compares the two.

Portable: no type or default that only SQLite or only PostgreSQL knows. Ids are random text, times are UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    true,
)

REVISION = "0015"  # of the newest migration: a database that has it needs no Alembic at start-up


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time; kept without its zone, which is always UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

users = Table(
    "users",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("name_key", String(200), nullable=False, unique=True),  # how names are compared
    Column("role", String(20), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("active", Boolean, nullable=False, server_default=true()),
    Column("created_at", UtcDateTime, nullable=False),
)

groups = Table(
    "groups",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("name_key", String(200), nullable=False, unique=True),  # how names are compared
    Column("created_at", UtcDateTime, nullable=False),
)

group_members = Table(
    "group_members",
    metadata,
    Column("group_id", ForeignKey(groups.c.id, ondelete="CASCADE"), primary_key=True),
    Column("user_id", ForeignKey(users.c.id, ondelete="CASCADE"), primary_key=True, index=True),
    Column("added_at", UtcDateTime, nullable=False),
)

shares = Table(
    "shares",
    metadata,
    Column("thing_id", String(32), primary_key=True),  # no key: a collection, an assistant or a council
    Column("group_id", ForeignKey(groups.c.id, ondelete="CASCADE"), primary_key=True, index=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of the cookie's secret
    Column("user_id", ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("secret_hash", String(64), nullable=False),  # SHA-256
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False),
    Column("title", String(200), nullable=False),
    Column("title_key", Text, nullable=False),  # how titles are searched
    Column("model", String(256), nullable=False),
    Column("system_prompt", Text, nullable=False),
    Column("sampling", JSON, nullable=False),
    Column("leaf_id", String(32)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("comparison_id", String(32), index=True),  # no key: SQLite would have to rebuild the table for it
    Column("place", Integer),  # in the comparison, from 0
    Column("is_masked", Boolean, nullable=False, server_default=false()),  # nobody may see who answers
    Column("tools", JSON),  # None: none
    Index(None, "user_id", "updated_at"),
)

comparisons = Table(
    "comparisons",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("title", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("revealed_at", UtcDateTime),  # of a blind one: when its user voted
    Column("winner", String(20)),
    Column("leak", String(20), nullable=False),
    Index(None, "user_id", "updated_at"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("conversation_id", ForeignKey(conversations.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("parent_id", String(32)),
    Column("role", String(20), nullable=False),
    Column("content", Text, nullable=False),
    Column("content_key", Text, nullable=False),  # how contents are searched
    Column("created_at", UtcDateTime, nullable=False),
    Column("status", String(20), nullable=False, index=True),
    Column("reasoning", Text, nullable=False),
    Column("model", String(256)),
    Column("sampling", JSON),
    Column("finish_reason", String(20)),
    Column("usage", JSON),
    Column("time_to_first_token_ms", Float),
    Column("left_out", Integer, nullable=False),
    Column("error_key", String(200)),
    Column("error_values", JSON, nullable=False),
    Column("sources", JSON),  # passages that a reply rests on
    Column("support", JSON),  # and whether they bear out its sentences
    Column("deliberation", JSON),  # how a council or a reasoner came to it
    Column("duration_ms", Float),  # from the question to the reply's end
    Column("tool_uses", JSON),  # of a reply: calls that this server carried out
)

measurements = Table(
    "measurements",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("measured_at", UtcDateTime, nullable=False),
    Column("machine_id", String(16), nullable=False),
    Column("machine_name", String(200), nullable=False),
    Column("machine", String(1000), nullable=False),
    Column("engine", String(200), nullable=False),
    Column("model", String(256), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("quantization", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("threads", Integer, nullable=False),
    Column("context", Integer, nullable=False),
    Column("users", Integer, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("generated_tokens", Integer, nullable=False),
    Column("rounds", Integer, nullable=False),
    Column("prompt_tokens_per_s", JSON, nullable=False),  # median, least, most; null: not measured
    Column("generation_tokens_per_s", JSON, nullable=False),
    Column("first_token_s", JSON, nullable=False),
    Column("memory_bytes", BigInteger),
    Column("foreseen_prompt_tokens_per_s", Float),
    Column("foreseen_generation_tokens_per_s", Float),
    Column("is_imported", Boolean, nullable=False),
    Index(None, "machine_id", "measured_at"),
)

collections = Table(
    "collections",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner_id", String(32), nullable=False, index=True),  # no key: the local operator has no account
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False),  # how names are compared
    Column("sharing", String(20), nullable=False),  # owner, everyone; with groups: rows of `shares`
    Column("embedding_model", String(256), nullable=False),  # whose vectors are searched; empty: none yet
    Column("revision", Integer, nullable=False),  # goes up whenever passages change
    Column("vector_revision", Integer, nullable=False),  # goes up whenever vectors change
    Column("words_version", Integer, nullable=False, server_default="1"),  # of what made its passages' tokens
    Column("metadata", JSON, nullable=False, server_default="{}"),  # what a client notes of it
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

files = Table(
    "files",
    metadata,
    Column("id", String(32), primary_key=True),  # also the name of the copy in the data folder
    Column("owner_id", String(32), nullable=False, index=True),
    Column("name", String(1000), nullable=False),  # as it was called elsewhere: never part of a path
    Column("media_type", String(200), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("is_kept", Boolean, nullable=False),  # stays when no document uses it any more
    Column("created_at", UtcDateTime, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("collection_id", ForeignKey(collections.c.id, ondelete="CASCADE"), nullable=False),
    Column("file_id", ForeignKey(files.c.id), index=True),  # null: nothing of it could be kept
    Column("name", String(1000), nullable=False),
    Column("source", Text, nullable=False),  # path or address that it came from; empty: it was handed in
    Column("sha256", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("media_type", String(200), nullable=False),
    Column("title", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("error_key", String(200)),
    Column("error_values", JSON, nullable=False),
    Column("warnings", JSON, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("attributes", JSON, nullable=False, server_default="{}"),  # types of tags that have one
    Column("pages", Integer, nullable=False),
    Column("passages", Integer, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("modified_at", UtcDateTime),  # of the file, as its own system had it
    Column("indexed_at", UtcDateTime),
    Column("wanted_revision", Integer, nullable=False, server_default="0"),  # see records.KnownDocument
    Index(None, "collection_id", "status"),
    Index(None, "collection_id", "sha256"),
)

pages = Table(
    "pages",
    metadata,
    Column("document_id", ForeignKey(documents.c.id, ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("label", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("blocks", JSON, nullable=False),  # kind, start, end, level of each
    Column("is_scanned", Boolean, nullable=False),
)

passages = Table(
    "passages",
    metadata,
    Column("id", String(32), primary_key=True),  # follows from document, content and place
    Column("document_id", ForeignKey(documents.c.id, ondelete="CASCADE"), nullable=False),
    Column("collection_id", String(32), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("page", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("tokens", Text, nullable=False),  # as the lexical index takes them
    Column("heading_path", JSON, nullable=False),
    Column("language", String(8), nullable=False),
    Index(None, "collection_id", "document_id", "ordinal"),
    Index(None, "document_id"),
)

vectors = Table(
    "vectors",
    metadata,
    Column("passage_id", ForeignKey(passages.c.id, ondelete="CASCADE"), primary_key=True),
    Column("model", String(256), primary_key=True),
    Column("vector", LargeBinary, nullable=False),  # little-endian 16-bit floats, of length one
)

watched_folders = Table(
    "watched_folders",
    metadata,
    Column("collection_id", ForeignKey(collections.c.id, ondelete="CASCADE"), primary_key=True),
    Column("path", String(1000), primary_key=True),
    Column("is_missing", Boolean, nullable=False, server_default=false()),  # it can't be seen in full
    Column("mounts", JSON, nullable=False, server_default="[]"),  # folders that were drives of their own
)

assistants = Table(
    "assistants",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner_id", String(32), nullable=False, index=True),  # no key: the local operator has no account
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False),  # how names are compared
    Column("sharing", String(20), nullable=False),  # owner, everyone; with groups: rows of `shares`
    Column("model", String(256), nullable=False),  # empty: whoever answers by default
    Column("system_prompt", Text, nullable=False),
    Column("sampling", JSON, nullable=False),
    Column("collection_ids", JSON, nullable=False),  # no key: what is gone, or not the asker's, is not asked
    Column("mode", String(20), nullable=False),
    Column("only_documents", Boolean, nullable=False),
    Column("checks_support", Boolean, nullable=False),
    Column("judge", String(256), nullable=False, server_default=""),  # empty: none
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("tools", JSON),  # None: none
)

councils = Table(
    "councils",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner_id", String(32), nullable=False, index=True),  # no key: the local operator has no account
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False),  # how names are compared
    Column("sharing", String(20), nullable=False),  # owner, everyone; with groups: rows of `shares`
    Column("members", JSON, nullable=False),  # names of responders that last
    Column("chair", String(1000), nullable=False),  # empty: the first member
    Column("mode", String(20), nullable=False),
    Column("reviews", Boolean, nullable=False),
    Column("rounds", Integer, nullable=False),
    Column("member_tokens", Integer, nullable=False),
    Column("member_seconds", Float, nullable=False),
    Column("max_tokens", Integer, nullable=False),
    Column("max_seconds", Float, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("owner_id", String(32), nullable=False),
    Column("subject_id", String(32), nullable=False, index=True),  # what it works on: a collection
    Column("state", String(20), nullable=False, index=True),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    Column("error_key", String(200)),
    Column("error_values", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

votes = Table(
    "votes",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("key", String(32), nullable=False),  # the same vote, wherever it is kept, has the same
    Column("owner_id", String(32), nullable=False),  # no key: the local operator has no account
    Column("question_id", String(200), nullable=False),
    Column("judge", String(200), nullable=False),
    Column("model_a", String(256), nullable=False),
    Column("model_b", String(256), nullable=False),
    Column("winner", String(20), nullable=False),
    Column("voted_at", UtcDateTime, nullable=False),
    Column("is_blind", Boolean, nullable=False),
    Column("is_imported", Boolean, nullable=False),
    Column("is_shared", Boolean, nullable=False),  # counts on everybody's boards
    Column("leak", String(20), nullable=False),  # whose answer told its name
    Column("language", String(64), nullable=False),
    Column("topic", String(20), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("conversation_a", JSON, nullable=False),
    Column("conversation_b", JSON, nullable=False),
    Column("style_a", JSON),  # length, headers, lists, bold; null: nobody knows
    Column("style_b", JSON),
    Index(None, "owner_id", "key", unique=True),
    Index(None, "is_shared"),
)

exam_runs = Table(
    "exam_runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner_id", String(32), nullable=False),  # no key: the local operator has no account
    Column("task", String(256), nullable=False),  # name of the exam
    Column("version", Integer, nullable=False),  # of the exam: other versions can't be compared
    Column("model", String(256), nullable=False),  # name of the responder that is examined
    Column("digest", String(64), nullable=False),  # of its weights; empty: it isn't one installed model
    Column("options", JSON, nullable=False),
    Column("state", String(20), nullable=False),
    Column("total", Integer, nullable=False),  # samples × epochs; 0: the data hasn't been read yet
    Column("error_key", String(200)),
    Column("error_values", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index(None, "owner_id", "created_at"),
)

exam_samples = Table(
    "exam_samples",
    metadata,
    Column("run_id", ForeignKey(exam_runs.c.id, ondelete="CASCADE"), primary_key=True),
    Column("sample_id", String(200), primary_key=True),
    Column("epoch", Integer, primary_key=True),  # from 1
    Column("place", Integer, nullable=False),  # of the sample in the exam
    Column("prompt", JSON, nullable=False),  # messages
    Column("target", Text, nullable=False),
    Column("output", Text, nullable=False),
    Column("answer", Text, nullable=False),  # what was read out of the output
    Column("values", JSON, nullable=False),  # by measure, 0..1
    Column("explanation", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("finish_reason", String(20)),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("generation_ms", Float),
    Column("solving_s", Float, nullable=False),
    Column("scoring_s", Float, nullable=False),
    Column("error_key", String(200)),
    Column("error_values", JSON, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
)

question_sets = Table(
    "question_sets",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("owner_id", String(32), nullable=False),  # no key: the local operator has no account
    Column("name", String(200), nullable=False),
    Column("name_key", Text, nullable=False),  # how names are compared
    Column("version", Integer, nullable=False),  # goes up with every change of a question
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("owner_id", "name_key"),
)

own_questions = Table(
    "own_questions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("set_id", ForeignKey(question_sets.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("question", Text, nullable=False),
    Column("messages", JSON, nullable=False),  # what was said before it
    Column("check", String(20), nullable=False),
    Column("expected", Text, nullable=False),
    Column("details", JSON, nullable=False),  # of the check: tolerance, schema …
    Column("is_approved", Boolean, nullable=False),
    Column("origin", String(200), nullable=False),  # chat, import or the document that it was drafted from
    Column("since_version", Integer, primary_key=True),  # of the set: an edited question is a new row
    Column("until_version", Integer),  # null: it still stands
    Column("created_at", UtcDateTime, nullable=False),
)

tool_permissions = Table(
    "tool_permissions",
    metadata,
    Column("user_id", String(32), primary_key=True),  # the local operator has no row in users
    Column("tool", String(128), primary_key=True),
    Column("fingerprint", String(64), nullable=False),  # of the tool that was decided on
    Column("decision", String(20), nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
)

tool_files = Table(
    "tool_files",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", String(32), nullable=False),
    Column("conversation_id", ForeignKey(conversations.c.id, ondelete="CASCADE"), index=True),
    Column("origin", String(20), nullable=False),
    Column("name", String(400), nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

mcp_servers = Table(
    "mcp_servers", metadata, Column("id", String(32), primary_key=True),
    Column("name", String(40), nullable=False, unique=True), Column("command", JSON, nullable=False),
    Column("url", String(2000), nullable=False), Column("is_trusted", Boolean, nullable=False),
    Column("approved", JSON, nullable=False), Column("created_at", UtcDateTime, nullable=False),
)  # fmt: skip
