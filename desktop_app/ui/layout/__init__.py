"""How the people of a call are laid out: grid or speaker, pages, pins, and what the engine is told of it."""
