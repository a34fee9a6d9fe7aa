"""What a model may call, and whose word that needs: built-in tools, those of MCP servers; Yoriai as an MCP server."""
