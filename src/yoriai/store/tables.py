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
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    true,
)

REVISION = "0002"  # of the newest migration: a database that has it needs no Alembic at start-up


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
