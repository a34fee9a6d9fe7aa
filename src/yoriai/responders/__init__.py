"""What answers, chosen by name like a model: the protocol is `yoriai.types.Responder`."""
