"""Tests of desktop_app.signaling."""
