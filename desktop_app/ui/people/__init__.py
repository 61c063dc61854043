"""Who is in the call, who waits at the door, and what the host decides."""
