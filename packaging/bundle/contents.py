"""What goes into the frozen tree and what does not. Used by bridgecall.spec, within PyInstaller."""

from __future__ import annotations

import re

METADATA = ("aiortc", "aioice", "aiohttp", "av", "keyring", "opencv-python-headless", "PySide6", "qasync")
"""Packages whose versions the diagnostics tell; keyring finds its backends by its metadata."""

EXCLUDED = (
    *(
        "tkinter",
        "unittest",
        "doctest",
        "lib2to3",
        "ensurepip",
        "idlelib",
        "readline",
        "curses",
        "sqlite3",
    ),
    *("pip", "setuptools", "pkg_resources", "wheel", "_distutils_hack"),
    *("numpy.f2py", "numpy.distutils", "numpy.testing", "numpy.random", "numpy.tests"),
    *(
        "PyQt5",
        "PyQt6",
        "PySide2",
        "IPython",
        "matplotlib",
        "scipy",
        "pandas",
        "h5py",
        "cupy",
        "numba",
        "colorcet",
    ),
    *(
        "pyqtgraph.examples",
        "pyqtgraph.opengl",
        "pyqtgraph.jupyter",
        "pyqtgraph.flowchart",
        "pyqtgraph.console",
    ),
    *("PySide6.QtTest", "PySide6.QtMultimediaWidgets"),
    *(
        "PySide6.QtQml",
        "PySide6.QtQuick",
        "PySide6.QtQuickWidgets",
        "PySide6.QtPdf",
        "PySide6.QtWebEngineCore",
    ),
)
"""Modules that somebody imports in a branch that we never take."""
EXCLUDED_WITHOUT_WINDOW = ("PySide6", "shiboken6", "qasync", "pyqtgraph", "desktop_app.ui", "desktop_app.app")
"""The bot and the server know no Qt."""

_PLUGINS = (
    *(
        "platforms/.*(xcb|wayland|offscreen|windows|cocoa)",
        "platformthemes/",
        "platforminputcontexts/(?!.*virtualk)",
    ),
    *(
        "imageformats/.*(gif|ico|jpeg|svg|webp|icns)",
        "iconengines/",
        "networkinformation/",
        "xcbglintegrations/",
    ),
    *(
        "wayland-(shell|decoration|graphics)-[^/]*(?<!server)/",
        "styles/",
        "permissions/.*(camera|microphone)",
    ),
)
"""Qt's plugins that a desktop needs. QtMultimedia's own backend plugs in for pictures alone: sound needs none."""
_QT_ROOT = r"PySide6/(?:Qt/)?"
_UNWANTED = (
    _QT_ROOT + r"(?:translations|qml|metatypes|resources|libexec)/",
    _QT_ROOT + rf"plugins/(?!{'|'.join(_PLUGINS)})",
    r"pyqtgraph/(?:examples|icons/peegee|colors/maps)/",
    r"cv2/(?:data|qt)/",
    r"(?:.*/)?opencv_videoio_ffmpeg[^/]*\.dll",  # Windows: cameras come through Media Foundation, files through PyAV
    r".*\.(?:pyi|pxd|pyx|h|hpp|c|cpp|lib|a|cmake|prl|la)$",
    r"(?:.*/)?(?:tests?|testing|__pycache__)/",
    r"(?:.*/)?(?:jupyter-html)/",
    r"setuptools/|pkg_resources/",
    r"bridgecall\.egg-info/",  # of a clone in which `make env` was run
    r"[^/]+\.dist-info/RECORD$",  # what pip wrote where: paths of the machine that builds
)


def wanted(destination: str) -> bool:
    """Whether the file that would go to `destination` (below _internal) is of use."""
    path = destination.replace("\\", "/")
    return not any(re.match(pattern, path) for pattern in _UNWANTED)
