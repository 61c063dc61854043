"""Reactions and raised hands over the tiles."""
