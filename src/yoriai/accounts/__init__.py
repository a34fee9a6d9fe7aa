"""Who may sign in: passwords, sessions, API tokens, the first administrator."""
