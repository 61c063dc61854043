"""How media travels in a room: who decides, and what follows (docs/sfu.md)."""
