"""Yoriai: open LLMs, gathered under your own roof."""

__version__ = "0.1.0"
