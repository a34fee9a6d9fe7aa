"""Search over the answers of a responder: samples, votes, scores, a tree of steps, repair. For `reasoner`."""
