"""Links in lines: what becomes one, where it leads, and what may deceive."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_app.ui.chat.links import MAX_LINK_CHARS, MAX_LINKS, find_links


def targets(text: str) -> list[str]:
    return [link.target for link in find_links(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://example.org/a?b=c#d", ["https://example.org/a?b=c#d"]),
        ("HTTP://Example.ORG/Path", ["http://example.org/Path"]),
        ("(www.example.org), or https://x.example.", ["https://www.example.org", "https://x.example"]),
        ("https://en.wikipedia.org/wiki/A_(b)", ["https://en.wikipedia.org/wiki/A_(b)"]),
        ("(https://example.org/a)", ["https://example.org/a"]),
        (
            "http://192.0.2.7:8080/x http://[2001:db8::1]/y",
            ["http://192.0.2.7:8080/x", "http://[2001:db8::1]/y"],
        ),
        ("mailto:ana@example.org", ["mailto:ana@example.org"]),
        ("mailto:ana@example.org?attach=/etc/passwd", ["mailto:ana@example.org"]),
        ("שלום https://example.org/א", ["https://example.org/א"]),
    ],
)
def test_what_becomes_a_link(text: str, expected: list[str]) -> None:
    assert targets(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,<b>x</b>",
        "ftp://example.org",
        "https://",
        "https://.",
        "https://%65vil.example",
        "https://a..b",
        "http://example.org:99999",
        "http://[::zz]/",
        "mailto:nobody",
        "xhttps://example.org",
        "vbscript:x www",
        "https://" + "a" * 70 + ".example" + "/" + "x" * MAX_LINK_CHARS,
        "https://-x.example",
    ],
)
def test_what_does_not(text: str) -> None:
    assert targets(text) == []


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://bank.example@evil.example/login", "evil.example"),
        ("https://аррӏе.example", "xn--80ak6aa92e.example"),
        ("https://xn--80ak6aa92e.example", "xn--80ak6aa92e.example"),
        ("https://bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_what_may_deceive_says_where_it_leads(text: str, host: str) -> None:
    (link,) = find_links(text)
    assert urlsplit(link.target).hostname == host
    assert "@" not in link.target
    assert host in link.warning


@pytest.mark.parametrize("trick", ["\u202e", "\u2066", "\u200b", "\u00ad", "\ufeff", "\\", "\x00", "\u2028"])
def test_a_link_ends_before_what_is_not_seen(trick: str) -> None:
    (link,) = find_links(f"https://good.example/a{trick}gpj.exe")
    assert link.target == "https://good.example/a"


def test_a_line_has_a_bounded_number_of_links() -> None:
    assert len(find_links("https://example.org " * 100)) == MAX_LINKS


@given(st.text(max_size=300) | st.from_regex(r"(https?://|www\.|mailto:)\S{0,60}"))
def test_any_text_gives_links_that_are_within_it_and_of_a_safe_kind(text: str) -> None:
    end = 0
    for link in find_links(text):
        assert link.start >= end
        end = link.start + link.length
        assert end <= len(text)
        parts = urlsplit(link.target)
        assert parts.scheme in ("http", "https", "mailto")
        assert parts.netloc.isascii()
        assert link.target.startswith("mailto:") or parts.hostname
