"""Which of two answers people prefer: votes, what they say about every responder's strength, whom to compare next."""
