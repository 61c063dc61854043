"""Where plain text is worth a warning."""

from __future__ import annotations

import pytest

from desktop_app.signaling.secure import exposes_signaling


@pytest.mark.parametrize(
    "url",
    [
        "ws://example.org/ws",
        "ws://example.org:8080/ws",
        "ws://8.8.8.8:8080/ws",
        "ws://[2001:4860:4860::8888]:8080/ws",
        "ws://[::ffff:8.8.8.8]/ws",
        "ws://localhost.example.org/ws",
        "ws://127.0.0.1.example.org/ws",
        "ws://EXAMPLE.ORG./ws",
    ],
)
def test_plain_text_to_somewhere_else_is_told(url: str) -> None:
    assert exposes_signaling(url)


@pytest.mark.parametrize(
    "url",
    [
        "wss://example.org/ws",
        "wss://8.8.8.8/ws",
        "ws://localhost:8080/ws",
        "ws://127.0.0.1:8080/ws",
        "ws://127.9.9.9/ws",
        "ws://[::1]:8080/ws",
        "ws://192.168.1.5:8080/ws",
        "ws://10.0.0.1/ws",
        "ws://172.16.3.4/ws",
        "ws://169.254.7.7/ws",
        "ws://[fe80::1]/ws",
        "ws://[fd00::1]/ws",
        "ws://desk/ws",
        "ws://desk.local:8080/ws",
        "ws://desk.home.arpa/ws",
    ],
)
def test_this_machine_and_its_network_and_tls_are_not(url: str) -> None:
    assert not exposes_signaling(url)
