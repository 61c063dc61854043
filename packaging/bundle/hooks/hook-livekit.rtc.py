"""livekit's audio processing is in one native library, which it looks for in its package's folder `resources`."""

from PyInstaller.utils.hooks import collect_dynamic_libs  # type: ignore[import-untyped]

binaries = collect_dynamic_libs("livekit.rtc", search_patterns=["*livekit_ffi*"])
hiddenimports = ["livekit.rtc.resources"]
