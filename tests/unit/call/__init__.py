"""Tests of desktop_app.call."""
