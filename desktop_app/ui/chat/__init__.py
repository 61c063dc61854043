"""The chat beside the tiles: the conversation, and the field for what is said."""
