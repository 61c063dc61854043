"""The version resource of the Windows programs: what the Properties dialog and the task manager show.

The text is what PyInstaller's `version=` reads: VSVersionInfo, the structure VS_VERSIONINFO of the Windows API.
"""

from __future__ import annotations

import re

PRODUCT = "Bridgecall"
PUBLISHER = "The Bridgecall authors"
COPYRIGHT = f"Copyright (c) 2026 {PUBLISHER}, MIT License"
DESCRIPTION = "Bridgecall video calls"

LANGUAGE = 0x0409  # English (United States), MS-LCID
UNICODE_CODEPAGE = 1200
MAX_PART = 65535


def numbers(version: str) -> tuple[int, int, int, int]:
    """The four 16-bit numbers of a version: "1.2.3rc1" is (1, 2, 3, 0).

    Raises:
        ValueError: not one to three numbers with dots, or one is too large for the resource.
    """
    match = re.match(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?(?![\d.])", version)
    if match is None:
        raise ValueError(f"{version!r} is not a version such as 1.2.3")
    parts = [int(part or 0) for part in match.groups()]
    if max(parts) > MAX_PART:
        raise ValueError(f"{version!r} has a part over {MAX_PART}, which Windows cannot show")
    return parts[0], parts[1], parts[2], 0


def text(version: str) -> str:
    """The VSVersionInfo of `version`, as a Python expression for PyInstaller.

    Raises:
        ValueError: `version` does not fit into the resource.
    """
    four = numbers(version)
    is_prerelease = re.fullmatch(r"[\d.]+", version) is None
    strings = {
        "CompanyName": PUBLISHER,
        "FileDescription": DESCRIPTION,
        "FileVersion": version,
        "InternalName": "bridgecall",
        "LegalCopyright": COPYRIGHT,
        "ProductName": PRODUCT,
        "ProductVersion": version,
    }
    structs = ",\n".join(
        f"        StringStruct({name!r}, {value!r})" for name, value in sorted(strings.items())
    )
    # flags: VS_FF_PRERELEASE; OS: VOS_NT_WINDOWS32; fileType: VFT_APP.
    return f"""\
VSVersionInfo(
  ffi=FixedFileInfo(
    filevers={four},
    prodvers={four},
    mask=0x3f,
    flags={0x2 if is_prerelease else 0x0:#x},
    OS=0x40004,
    fileType=0x1,
    subtype=0x0,
    date=(0, 0)
  ),
  kids=[
    StringFileInfo([
      StringTable('{LANGUAGE:04x}{UNICODE_CODEPAGE:04x}', [
{structs}
      ])
    ]),
    VarFileInfo([VarStruct('Translation', [{LANGUAGE}, {UNICODE_CODEPAGE}])])
  ]
)
"""
