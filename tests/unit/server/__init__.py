"""Tests of desktop_app.server that need no network."""
