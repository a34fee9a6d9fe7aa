"""Conversations: their tree of messages, and replies that run whoever looks at them."""
