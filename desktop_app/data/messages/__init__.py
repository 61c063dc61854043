"""The messages of each channel (docs/data-channels.md)."""
