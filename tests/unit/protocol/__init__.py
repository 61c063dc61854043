"""Tests of desktop_app.protocol."""
