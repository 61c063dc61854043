"""What of a client outlives its connection: docs/recovery.md, first chapter."""
