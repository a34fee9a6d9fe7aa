"""Runs of exams with every sample; questions of one's own."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "exam_runs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("owner_id", sa.String(32), nullable=False),
        sa.Column("task", sa.String(256), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(256), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("error_key", sa.String(200)),
        sa.Column("error_values", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exam_runs"),
    )
    op.create_index("ix_exam_runs_owner_id_created_at", "exam_runs", ["owner_id", "created_at"])
    op.create_table(
        "exam_samples",
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("sample_id", sa.String(200), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("prompt", sa.JSON(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("output", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("finish_reason", sa.String(20)),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("completion_tokens", sa.Integer(), nullable=False),
        sa.Column("generation_ms", sa.Float()),
        sa.Column("solving_s", sa.Float(), nullable=False),
        sa.Column("scoring_s", sa.Float(), nullable=False),
        sa.Column("error_key", sa.String(200)),
        sa.Column("error_values", sa.JSON(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["exam_runs.id"], name="fk_exam_samples_run_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", "sample_id", "epoch", name="pk_exam_samples"),
    )
    op.create_table(
        "question_sets",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("owner_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_question_sets"),
        sa.UniqueConstraint("owner_id", "name_key", name="uq_question_sets_owner_id_name_key"),
    )
    op.create_table(
        "own_questions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("set_id", sa.String(32), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("check", sa.String(20), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("is_approved", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(200), nullable=False),
        sa.Column("since_version", sa.Integer(), nullable=False),
        sa.Column("until_version", sa.Integer()),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["set_id"], ["question_sets.id"], name="fk_own_questions_set_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", "since_version", name="pk_own_questions"),
    )
    op.create_index("ix_own_questions_set_id", "own_questions", ["set_id"])


def downgrade() -> None:
    op.drop_table("own_questions")
    op.drop_table("question_sets")
    op.drop_table("exam_samples")
    op.drop_table("exam_runs")
