"""Bridgecall: a desktop video call application, its signaling server and its headless participant."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("bridgecall")
except PackageNotFoundError:  # run from a source tree that was never installed
    __version__ = "0+unknown"
