"""The plugins by which Qt asks macOS for camera and microphone: PyInstaller's own hook of QtCore leaves them out."""

import sys

if sys.platform == "darwin":
    from PyInstaller.utils.hooks.qt import pyside6_library_info

    binaries = pyside6_library_info.collect_plugins("permissions")
