"""The only import of OpenCV.

opencv-python brings its own Qt and points Qt's plugin and font paths at it when it is imported, which makes another
Qt in the process load the wrong platform plugin. Both variables are put back right after the import. Import it
from here and nowhere else: ``from desktop_app.media.opencv import cv2``.
"""

from __future__ import annotations

import os
import sys

_QT_VARIABLES = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")
_before = {name: os.environ.get(name) for name in (*_QT_VARIABLES, "LD_LIBRARY_PATH")}
# A read of a V4L2 camera that delivers nothing returns after this many seconds (OpenCV's own default is 10),
# so that the capture thread of a dead camera can end. It is read once, when the library is loaded.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")

if sys.platform == "darwin" and getattr(sys, "frozen", False):
    # The permission was asked for by then (engine/system_permissions.py), and OpenCV can ask on the main thread alone.
    os.environ.setdefault("OPENCV_AVFOUNDATION_SKIP_AUTH", "1")

import cv2  # noqa: E402 - the environment has to be prepared before

for _name, _value in _before.items():
    if _value is None:
        os.environ.pop(_name, None)
    else:
        os.environ[_name] = _value

# One thread: a 720p conversion takes 0.33 ms of CPU so, 0.39 ms when it is split over two, and no pool is started.
cv2.setNumThreads(1)
# A camera that is not there is our sentence to write, not three lines on stderr every second.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

__all__ = ["cv2"]
