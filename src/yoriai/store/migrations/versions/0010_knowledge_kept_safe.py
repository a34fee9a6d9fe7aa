"""What is wanted of a document has a number; what was seen last of a watched folder is remembered; what made the
words of passages has a version."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("collections", sa.Column("words_version", sa.Integer, nullable=False, server_default="1"))
    op.add_column("documents", sa.Column("wanted_revision", sa.Integer, nullable=False, server_default="0"))
    op.add_column(
        "watched_folders", sa.Column("is_missing", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.add_column("watched_folders", sa.Column("mounts", sa.JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("watched_folders", "mounts")
    op.drop_column("watched_folders", "is_missing")
    op.drop_column("documents", "wanted_revision")
    op.drop_column("collections", "words_version")
