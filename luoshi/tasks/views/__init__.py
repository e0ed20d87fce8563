"""Doors to the verbs of tasks."""
