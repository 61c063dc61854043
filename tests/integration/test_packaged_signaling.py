"""The signaling server as its container starts it."""

from __future__ import annotations

import json
import ssl
import urllib.request
from typing import TYPE_CHECKING

from desktop_app.server.tls import FILE_NAME, self_made_certificate
from tests.packaged import PackagedDaemon, free_ports

if TYPE_CHECKING:
    from pathlib import Path


def test_it_speaks_tls_with_the_certificate_that_it_is_given(tmp_path: Path) -> None:
    self_made_certificate(tmp_path)
    pem = str(tmp_path / FILE_NAME)
    (port,) = free_ports(1)
    variables = {"SIGNALING_LISTEN_PORT": str(port), "TLS_CERT": pem, "TLS_KEY": pem}
    with PackagedDaemon("signaling", tmp_path, port, **variables) as signaling:
        context = ssl.create_default_context(cafile=pem)
        with urllib.request.urlopen(
            f"https://127.0.0.1:{port}/healthz", context=context, timeout=10
        ) as answer:
            assert json.load(answer)["status"] == "ok"
    assert "Traceback" not in signaling.output()
