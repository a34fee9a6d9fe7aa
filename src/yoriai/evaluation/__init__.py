"""Judging: how fast a responder is. (How well it answers comes with the exams.)"""
