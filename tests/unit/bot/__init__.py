"""Tests of desktop_app.bot."""
