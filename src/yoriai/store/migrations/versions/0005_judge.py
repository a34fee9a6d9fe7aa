"""The model that an assistant's sentences are shown to."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("assistants", sa.Column("judge", sa.String(256), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("assistants", "judge")
