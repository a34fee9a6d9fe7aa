"""Answers from one's own documents: parse, split, embed, index, search, cite, check the support."""
