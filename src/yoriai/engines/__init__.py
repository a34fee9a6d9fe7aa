"""Engines: what computes tokens. A child process per loaded local model, and OpenAI-compatible endpoints elsewhere."""
