"""Tests of desktop_app.rtc."""
