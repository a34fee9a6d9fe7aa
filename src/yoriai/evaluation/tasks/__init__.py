"""Exams: one file each, with where its questions, prompts and scoring come from, and one row of its data."""
