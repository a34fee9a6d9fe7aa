"""Where what strangers wrote is handled: a child process with few rights, little memory and little time."""
