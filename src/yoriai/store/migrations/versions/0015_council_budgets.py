"""A council has a budget for everything together."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("councils", sa.Column("max_tokens", sa.Integer, nullable=False, server_default="65536"))
    op.add_column("councils", sa.Column("max_seconds", sa.Float, nullable=False, server_default="3600"))


def downgrade() -> None:
    op.drop_column("councils", "max_seconds")
    op.drop_column("councils", "max_tokens")
