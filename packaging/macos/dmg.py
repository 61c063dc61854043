"""Makes the disk image: Bridgecall.app beside a link to /Applications, to drag the one onto the other.

hdiutil is macOS' own, so this runs there alone. It puts times and identifiers of its own into the image: two builds
differ in some bytes of the file system, not in what is in it.
"""

from __future__ import annotations

import platform
import shutil
import tempfile
from pathlib import Path

from macos import app as bundle
from macos import signing

ROOT = Path(__file__).resolve().parents[2]


def make(tree: Path, out: Path, version: str, epoch: int) -> Path:
    """The disk image of Bridgecall.app in the folder `out`, which is made of `tree` when it is not there.

    Raises:
        bundle.BundleError: this is not macOS, or the application cannot be made.
        signing.SigningError: hdiutil, codesign or notarytool failed.
    """
    if platform.system() != "Darwin":
        raise bundle.BundleError("A disk image needs hdiutil, which only macOS has.")
    application = out / bundle.NAME
    if not application.is_dir():
        application = bundle.make(tree, out, version, epoch)
    image = out / f"bridgecall-{version}-macos-{platform.machine()}.dmg"
    with tempfile.TemporaryDirectory(prefix="bridgecall-dmg-") as folder:
        stage = Path(folder)
        # With ditto, as links and signatures must stay as they are.
        signing.run(["ditto", str(application), str(stage / bundle.NAME)])
        (stage / "Applications").symlink_to("/Applications")
        shutil.copyfile(ROOT / "LICENSE", stage / "LICENSE.txt")
        signing.run(image_command(stage, image))
    signing.sign_image(image)
    return image


def image_command(stage: Path, image: Path) -> list[str]:
    """hdiutil's command line: a compressed, read-only image of the folder `stage`."""
    return [
        *("hdiutil", "create", "-volname", "Bridgecall", "-srcfolder", str(stage)),
        *("-fs", "HFS+", "-format", "UDZO", "-imagekey", "zlib-level=9", "-ov", "-quiet", str(image)),
    ]
