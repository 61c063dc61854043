"""The native libraries that come inside the Python packages: what they are, whose, and under which licence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True)
class Native:
    """A project whose libraries we may carry."""

    pattern: str
    """Of the file's name without "lib" and its version; the names are like those on every system."""
    name: str
    licence: str
    """An SPDX expression (https://spdx.org/licenses/)."""
    holder: str
    source: str


NATIVE = (
    Native(
        "Qt6",
        "Qt",
        "LGPL-3.0-only",
        "The Qt Company Ltd and contributors",
        "https://download.qt.io/archive/qt/",
    ),
    Native(
        "(?:pyside6|shiboken6)",
        "Qt for Python",
        "LGPL-3.0-only",
        "The Qt Company Ltd",
        "https://download.qt.io/official_releases/QtForPython/",
    ),
    Native(
        "icu(?:data|i18n|uc)", "ICU", "Unicode-3.0", "Unicode, Inc.", "https://github.com/unicode-org/icu"
    ),
    Native(
        "(?:avcodec|avdevice|avfilter|avformat|avutil|swscale|swresample)",
        "FFmpeg",
        "LGPL-3.0-or-later",
        "the FFmpeg developers",
        "https://ffmpeg.org/releases/",
    ),
    Native("x264", "x264", "GPL-2.0-or-later", "x264 project", "https://code.videolan.org/videolan/x264"),
    Native(
        "x265",
        "x265",
        "GPL-2.0-or-later",
        "MulticoreWare, Inc",
        "https://bitbucket.org/multicoreware/x265_git",
    ),
    Native(
        "vpx",
        "libvpx",
        "BSD-3-Clause",
        "The WebM project authors",
        "https://chromium.googlesource.com/webm/libvpx",
    ),
    Native(
        "opus", "Opus", "BSD-3-Clause", "Xiph.Org Foundation and others", "https://opus-codec.org/downloads/"
    ),
    Native(
        "dav1d",
        "dav1d",
        "BSD-2-Clause",
        "VideoLAN and dav1d authors",
        "https://code.videolan.org/videolan/dav1d",
    ),
    Native(
        "SvtAv1Enc",
        "SVT-AV1",
        "BSD-3-Clause",
        "Alliance for Open Media",
        "https://gitlab.com/AOMediaCodec/SVT-AV1",
    ),
    Native(
        "aom", "libaom", "BSD-2-Clause", "Alliance for Open Media", "https://aomedia.googlesource.com/aom"
    ),
    Native("avif", "libavif", "BSD-2-Clause", "Joe Drago", "https://github.com/AOMediaCodec/libavif"),
    Native(
        "mp3lame",
        "LAME",
        "LGPL-2.0-or-later",
        "the LAME project",
        "https://sourceforge.net/projects/lame/files/",
    ),
    Native(
        "opencore-amr(?:nb|wb)",
        "OpenCORE AMR",
        "Apache-2.0",
        "PacketVideo, Martin Storsjö",
        "https://sourceforge.net/projects/opencore-amr/files/",
    ),
    Native(
        "webp|webpmux|sharpyuv",
        "libwebp",
        "BSD-3-Clause",
        "Google Inc.",
        "https://chromium.googlesource.com/webm/libwebp",
    ),
    Native(
        "gnutls",
        "GnuTLS",
        "LGPL-2.1-or-later",
        "the GnuTLS authors",
        "https://www.gnupg.org/ftp/gcrypt/gnutls/",
    ),
    Native(
        "nettle|hogweed",
        "Nettle",
        "LGPL-3.0-or-later",
        "Niels Möller and others",
        "https://ftp.gnu.org/gnu/nettle/",
    ),
    Native("gmp", "GMP", "LGPL-3.0-or-later", "Free Software Foundation", "https://ftp.gnu.org/gnu/gmp/"),
    Native(
        "unistring",
        "libunistring",
        "LGPL-3.0-or-later",
        "Free Software Foundation",
        "https://ftp.gnu.org/gnu/libunistring/",
    ),
    Native(
        "asound",
        "ALSA library",
        "LGPL-2.1-or-later",
        "the ALSA team",
        "https://www.alsa-project.org/files/pub/lib/",
    ),
    Native("vpl", "Intel VPL", "MIT", "Intel Corporation", "https://github.com/intel/libvpl"),
    Native("drm", "libdrm", "MIT", "the libdrm authors", "https://dri.freedesktop.org/libdrm/"),
    Native(
        "Xau|xcb(?:-[a-z-]+)?|X11[a-z-]*",
        "X.Org client libraries",
        "MIT",
        "the X.Org Foundation and others",
        "https://www.x.org/releases/individual/",
    ),
    Native("xkbcommon(?:-x11)?", "libxkbcommon", "MIT", "Dan Nicholson and others", "https://xkbcommon.org/"),
    Native(
        "(?:scipy_)?openblas(?:64_|p)?",
        "OpenBLAS",
        "BSD-3-Clause",
        "the OpenBLAS project",
        "https://github.com/OpenMathLib/OpenBLAS",
    ),
    Native(
        "gfortran|quadmath|gcc_s|stdc\\+\\+",
        "GCC runtime libraries",
        "GPL-3.0-or-later WITH GCC-exception-3.1",
        "Free Software Foundation",
        "https://ftp.gnu.org/gnu/gcc/",
    ),
    Native(
        "png16", "libpng", "libpng-2.0", "the PNG reference library authors", "http://www.libpng.org/pub/png/"
    ),
    Native(
        "(?:crypto|ssl)", "OpenSSL", "Apache-2.0", "the OpenSSL project", "https://www.openssl.org/source/"
    ),
    Native("ffi", "libffi", "MIT", "Anthony Green and others", "https://github.com/libffi/libffi"),
    Native("bz2", "bzip2", "bzip2-1.0.6", "Julian Seward", "https://sourceware.org/bzip2/"),
    Native("lzma", "XZ Utils", "0BSD", "the Tukaani project", "https://tukaani.org/xz/"),
    Native("expat", "Expat", "MIT", "the Expat maintainers", "https://libexpat.github.io/"),
    Native("crc32c", "crc32c", "BSD-3-Clause", "the CRC32C authors", "https://github.com/google/crc32c"),
    Native(
        "python3?",
        "Python",
        "Python-2.0",
        "Python Software Foundation",
        "https://www.python.org/downloads/source/",
    ),
    Native(
        "livekit_ffi",
        "LiveKit and WebRTC",
        "Apache-2.0 AND BSD-3-Clause",
        "LiveKit, Inc.; the WebRTC project authors",
        "https://github.com/livekit/rust-sdks",
    ),
)
_LIBRARY = re.compile(
    r"(?:lib)?(?P<stem>.+?)(?:[-.][0-9a-f]{8}.*|[-.]r0.*|[-.]?\d[\d.]*)?(?:\.abi3)?\.(?:so|dll|dylib).*"
)


def known(path: Path) -> Native | None:
    """Whose library `path` is; None when it is no library or one that we know nothing of."""
    match = _LIBRARY.fullmatch(path.name)
    if match is None:
        return None
    stems = (match["stem"], path.name.removeprefix("lib").split(".")[0].split("-")[0])
    for native in NATIVE:
        if any(re.fullmatch(rf"(?:{native.pattern})[\d_.]*", stem) for stem in stems) or (
            native.pattern == "Qt6" and re.match(r"(?:lib)?Qt6", path.name)
        ):
            return native
    return None


def version(path: Path) -> str:
    """The version that the file's name tells: of its ABI, where it has no other."""
    match = re.search(r"(?:\.so\.|-)(\d+(?:\.\d+)*)(?:\.(?:dll|dylib))?$", path.name)
    return match[1] if match else ""


def natives(libraries: Iterable[Path]) -> dict[Native, list[Path]]:
    """The known projects of `libraries`, each with its files."""
    found: dict[Native, list[Path]] = {}
    for path in libraries:
        native = known(path)
        if native is not None:
            found.setdefault(native, []).append(path)
    return dict(sorted(found.items(), key=lambda item: item[0].name.lower()))


def libraries(tree: Path) -> list[Path]:
    """The shared libraries of the tree that are no Python modules and no plugins."""
    names = re.compile(r".*\.(?:so(?:\.[\d.]+)?|dll|dylib)")
    files = (path for path in sorted(tree.rglob("*")) if path.is_file() and not path.is_symlink())
    return [
        path
        for path in files
        if names.fullmatch(path.name) and ".cpython-" not in path.name and "plugins" not in path.parts
    ]
