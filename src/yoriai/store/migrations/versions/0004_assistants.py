"""Assistants; what a reply rests on, and whether it is borne out."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "assistants",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("owner_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("sharing", sa.String(20), nullable=False),
        sa.Column("model", sa.String(256), nullable=False),
        sa.Column("system_prompt", sa.Text(), nullable=False),
        sa.Column("sampling", sa.JSON(), nullable=False),
        sa.Column("collection_ids", sa.JSON(), nullable=False),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("only_documents", sa.Boolean(), nullable=False),
        sa.Column("checks_support", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_assistants"),
    )
    op.create_index("ix_assistants_owner_id", "assistants", ["owner_id"])
    op.add_column("messages", sa.Column("sources", sa.JSON()))
    op.add_column("messages", sa.Column("support", sa.JSON()))


def downgrade() -> None:
    op.drop_column("messages", "support")
    op.drop_column("messages", "sources")
    op.drop_table("assistants")
