"""From a file to text with structure: one module per format, all of them run in a jailed child process."""
