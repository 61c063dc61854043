"""What to send over which path, and how good a call is. Pure: figures and the time in, decisions out."""
