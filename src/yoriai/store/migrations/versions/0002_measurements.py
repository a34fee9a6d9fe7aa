"""What was measured of models on machines."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "measurements",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("measured_at", sa.DateTime(), nullable=False),
        sa.Column("machine_id", sa.String(16), nullable=False),
        sa.Column("machine_name", sa.String(200), nullable=False),
        sa.Column("machine", sa.String(1000), nullable=False),
        sa.Column("engine", sa.String(200), nullable=False),
        sa.Column("model", sa.String(256), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("quantization", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("threads", sa.Integer(), nullable=False),
        sa.Column("context", sa.Integer(), nullable=False),
        sa.Column("users", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=False),
        sa.Column("generated_tokens", sa.Integer(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens_per_s", sa.JSON(), nullable=False),
        sa.Column("generation_tokens_per_s", sa.JSON(), nullable=False),
        sa.Column("first_token_s", sa.JSON(), nullable=False),
        sa.Column("memory_bytes", sa.BigInteger()),
        sa.Column("foreseen_prompt_tokens_per_s", sa.Float()),
        sa.Column("foreseen_generation_tokens_per_s", sa.Float()),
        sa.Column("is_imported", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_measurements"),
    )
    op.create_index("ix_measurements_machine_id_measured_at", "measurements", ["machine_id", "measured_at"])


def downgrade() -> None:
    op.drop_table("measurements")
