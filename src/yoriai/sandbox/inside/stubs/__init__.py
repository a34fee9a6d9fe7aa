"""Modules that programs import where they aren't needed here."""
