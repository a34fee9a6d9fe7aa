"""Stands in for the package of this name: Japanese letters are there anyway."""
