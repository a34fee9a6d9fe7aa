"""Long work: submitted, followed, cancelled, resumed after a crash. Knows nothing of what the work is."""
