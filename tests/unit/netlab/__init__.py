"""The pure parts of the test network."""
