"""The whiteboard in the window: canvas, tools, export, and the others' pointers."""
