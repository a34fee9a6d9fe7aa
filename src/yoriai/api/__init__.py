"""HTTP: OpenAI's routes under /v1, Yoriai's own under /api, health and metrics."""
