"""The icons of the programs and packages of Windows and macOS, drawn in the environment of the build.

Drawing needs PySide6, which the interpreter that runs packaging/build.py need not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bundle import ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path

ICO = "bridgecall.ico"
ICNS = "bridgecall.icns"
_DRAWER = ROOT / "packaging" / "linux" / "icons.py"


def draw(folder: Path) -> Path:
    """Write ICO and ICNS into `folder`, which is made, and return it.

    Raises:
        BuildError: they cannot be drawn.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment.run([environment.python(), _DRAWER, folder], "Drawing the icons", QT_QPA_PLATFORM="offscreen")
    return folder
