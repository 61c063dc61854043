"""Who may enter a room, and what its host decides (docs/rights.md)."""
