"""The whiteboard: a set of operations that everybody brings to the same picture, and how they travel."""
