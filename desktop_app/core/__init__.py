"""Errors, logging, paths, typed events and task ownership: the standard library only."""
