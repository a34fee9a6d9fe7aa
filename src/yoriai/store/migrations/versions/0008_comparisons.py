"""Several responders side by side, or blind; how long a reply took."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "comparisons",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("revealed_at", sa.DateTime()),
        sa.Column("winner", sa.String(20)),
        sa.Column("leak", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_comparisons_user_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_comparisons"),
    )
    op.create_index("ix_comparisons_user_id_updated_at", "comparisons", ["user_id", "updated_at"])
    op.add_column("conversations", sa.Column("comparison_id", sa.String(32)))
    op.add_column("conversations", sa.Column("place", sa.Integer()))
    op.add_column(
        "conversations", sa.Column("is_masked", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index("ix_conversations_comparison_id", "conversations", ["comparison_id"])
    op.add_column("messages", sa.Column("duration_ms", sa.Float()))


def downgrade() -> None:
    op.drop_column("messages", "duration_ms")
    op.drop_index("ix_conversations_comparison_id", "conversations")
    op.drop_column("conversations", "is_masked")
    op.drop_column("conversations", "place")
    op.drop_column("conversations", "comparison_id")
    op.drop_table("comparisons")
