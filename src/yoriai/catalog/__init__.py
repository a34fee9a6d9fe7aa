"""Which models there are, where their weights come from, whether a file is whole, and what it needs to run."""
