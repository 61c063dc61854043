"""Which addresses may be asked for a version, and which pages may be opened."""

from __future__ import annotations

import pytest

from desktop_app.settings.schema import Settings, SettingsError
from desktop_app.settings.update_address import check_update_url, is_safe_page


@pytest.mark.parametrize(
    "url",
    [
        "", "https://example.org/newest.json", "https://example.org:8443/", "http://127.0.0.1:8080/x", "http://localhost/",
        "http://[::1]:9/", "https://192.0.2.1/a?b=c#d",
    ],
)  # fmt: skip
def test_https_and_this_machine_may_be_asked(url: str) -> None:
    assert check_update_url(url) is None
    assert Settings().replace(updates_url=url).updates_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "http://127.0.0.1.example.org/", "http://localhost.example.org/", "http://10.0.0.1/",
        "ftp://127.0.0.1/", "file:///etc/passwd", "javascript:alert(1)", "example.org", "//example.org/", "https://",
        "https://ana:secret@example.org/", "https://example.org:0/", "https://example.org:99999/", "https://[::1/",
        "https://example.org/a b", "https://exämple.org/", "https://example.org\\@evil.example/", "x" * 600,
        "https://example.org/" + "x" * 490,
    ],
)  # fmt: skip
def test_nothing_else_may(url: str) -> None:
    sentence = check_update_url(url)
    assert sentence is not None
    assert sentence.endswith(".")
    with pytest.raises(SettingsError):
        Settings().replace(updates_url=url)
    assert not is_safe_page(url)


def test_a_page_is_https_even_on_this_machine() -> None:
    assert is_safe_page("https://example.org/1.3.0")
    assert not is_safe_page("http://127.0.0.1/")
    assert not is_safe_page("")
