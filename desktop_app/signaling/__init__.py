"""The signaling client: a sans-IO state machine and a thin WebSocket shell."""
