"""Tools: which may be used where, what was decided of them, what they made; MCP servers."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("conversations", sa.Column("tools", sa.JSON()))
    op.add_column("assistants", sa.Column("tools", sa.JSON()))
    op.add_column("messages", sa.Column("tool_uses", sa.JSON()))
    op.create_table(
        "tool_permissions",
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("tool", sa.String(128), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("decision", sa.String(20), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "tool", name="pk_tool_permissions"),
    )
    op.create_table(
        "tool_files",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("conversation_id", sa.String(32)),
        sa.Column("origin", sa.String(20), nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tool_files"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name="fk_tool_files_conversation_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_tool_files_conversation_id", "tool_files", ["conversation_id"])
    op.create_table(
        "mcp_servers",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("command", sa.JSON(), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("is_trusted", sa.Boolean(), nullable=False),
        sa.Column("approved", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mcp_servers"),
        sa.UniqueConstraint("name", name="uq_mcp_servers_name"),
    )


def downgrade() -> None:
    op.drop_table("mcp_servers")
    op.drop_table("tool_files")
    op.drop_table("tool_permissions")
    op.drop_column("messages", "tool_uses")
    op.drop_column("assistants", "tools")
    op.drop_column("conversations", "tools")
