"""What participants say to each other directly: channels, and chat, files, whiteboard and pointer on them."""
