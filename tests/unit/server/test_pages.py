"""Security headers and the table of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from desktop_app.core.paths import resources_dir
from desktop_app.server.pages import Pages, content_security_policy

if TYPE_CHECKING:
    from pathlib import Path


def test_the_policy_names_the_hosts_sockets() -> None:
    policy = content_security_policy("192.0.2.1:8080")
    assert "connect-src 'self' ws://192.0.2.1:8080 wss://192.0.2.1:8080;" in policy
    assert "wss://[::1]:80;" in content_security_policy("[::1]:80")


@pytest.mark.parametrize("host", ["", "h; script-src *", "h *", "a,b", "h\r\nX: y", "*"])
def test_a_forged_host_header_cannot_widen_the_policy(host: str) -> None:
    assert "connect-src 'self';" in content_security_policy(host)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "web"
    (root / "sub").mkdir(parents=True)
    (root / "index.html").write_text("<p>é", encoding="utf-8")
    (root / "sub" / "a.js").write_text("export {};")
    (root / "notes.txt").write_text("not for the web")
    (tmp_path / "secret.html").write_text("outside")
    (root / "link.html").symlink_to(tmp_path / "secret.html")
    return root


def test_files_with_their_types(folder: Path) -> None:
    request = make_mocked_request("GET", "/")
    page = Pages(folder).respond("index.html", request)
    assert (page.content_type, page.charset, page.body) == ("text/html", "utf-8", "<p>é".encode())
    assert Pages(folder).respond("sub/a.js", request).content_type == "text/javascript"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "notes.txt",
        "link.html",
        "../secret.html",
        "sub/../../secret.html",
        "/etc/passwd",
        "sub",
        "index.html/",
        "\x00",
    ],
)
def test_nothing_else_is_served(folder: Path, name: str) -> None:
    with pytest.raises(web.HTTPNotFound):
        Pages(folder).respond(name, make_mocked_request("GET", "/"))


def test_a_browser_that_has_the_file_gets_304(folder: Path) -> None:
    pages = Pages(folder)
    etag = pages.respond("index.html", make_mocked_request("GET", "/")).headers["ETag"]
    again = pages.respond("index.html", make_mocked_request("GET", "/", headers={"If-None-Match": etag}))
    assert (again.status, again.body) == (304, None)
    changed = pages.respond("index.html", make_mocked_request("GET", "/", headers={"If-None-Match": '"x"'}))
    assert changed.status == 200


def test_the_page_has_nothing_inline() -> None:
    for path in (resources_dir() / "web").glob("*.html"):
        text = path.read_text(encoding="utf-8").lower()
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick=" not in text
        assert text.count("<script") == text.count('<script type="module" src="/web/')


def test_a_single_file_from_elsewhere_is_served_beside_them(folder: Path, tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("one\ntwo\n")
    pages = Pages(folder, [words, tmp_path / "missing.txt"])
    response = pages.respond("words.txt", make_mocked_request("GET", "/"))
    assert (response.body, response.content_type) == (b"one\ntwo\n", "text/plain")
    with pytest.raises(web.HTTPNotFound):
        pages.respond("missing.txt", make_mocked_request("GET", "/"))
