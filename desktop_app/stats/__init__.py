"""CallStats: its dataclasses, the collector and the history."""
