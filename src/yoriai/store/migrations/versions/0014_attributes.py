"""Attributes of documents keep their types, collections what a client notes of them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("collections", sa.Column("metadata", sa.JSON, nullable=False, server_default="{}"))
    op.add_column("documents", sa.Column("attributes", sa.JSON, nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("documents", "attributes")
    op.drop_column("collections", "metadata")
