"""Showing our own screen to the others: choosing one, saying that it is shown, ending it."""
