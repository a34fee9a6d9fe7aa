"""Engines: what computes tokens. One child process per loaded local model, and OpenAI-compatible endpoints elsewhere."""
