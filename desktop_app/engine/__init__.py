"""The engine thread and the one bridge through which the window calls it."""
