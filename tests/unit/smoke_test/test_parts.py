"""What no step looks at: modules that are missing, and errors in the log."""

from __future__ import annotations

import logging

import pytest

from desktop_app.smoke_test.parts import ErrorWatch


@pytest.mark.expected_warnings("careful", "broken")
def test_errors_are_kept_and_warnings_are_not() -> None:
    watch = ErrorWatch()
    logger = logging.getLogger("tests.parts")
    logger.addHandler(watch)
    try:
        logger.warning("careful")
        try:
            raise ModuleNotFoundError("No module named 'there'")
        except ModuleNotFoundError:
            logger.exception("broken %d", 1)
    finally:
        logger.removeHandler(watch)
    assert watch.errors == ["broken 1 (ModuleNotFoundError: No module named 'there')"]
