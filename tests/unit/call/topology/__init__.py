"""Tests of call.topology."""
