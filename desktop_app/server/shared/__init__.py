"""Several signaling servers behind one name: rooms whose members are on any of them, through Redis."""
