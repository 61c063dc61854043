"""The headless participant: for tests, load and monitoring. Imports no Qt."""
