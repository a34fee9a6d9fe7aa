"""What a council or a reasoner did on the way to a reply."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("messages", sa.Column("deliberation", sa.JSON()))


def downgrade() -> None:
    op.drop_column("messages", "deliberation")
