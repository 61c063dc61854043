"""Signs and notarizes on macOS, with what these variables of the environment name:

BRIDGECALL_CODESIGN_IDENTITY   "Developer ID Application: NAME (TEAM)" in the keychain; without it the signature is
                               ad hoc: enough for the machine that built it, Gatekeeper elsewhere asks
BRIDGECALL_NOTARY_PROFILE      what `xcrun notarytool store-credentials` was told to call itself in the keychain;
                               without it nothing is sent to Apple
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from bundle import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ENTITLEMENTS = Path(__file__).resolve().parent / "entitlements.plist"
IDENTITY_VARIABLE = "BRIDGECALL_CODESIGN_IDENTITY"
PROFILE_VARIABLE = "BRIDGECALL_NOTARY_PROFILE"
AD_HOC = "-"


class SigningError(BuildError):
    """codesign or notarytool failed; the text is its own."""


def identity() -> str:
    """Who signs."""
    return os.environ.get(IDENTITY_VARIABLE) or AD_HOC


def app_commands(app: Path, code: Iterable[Path], programs: Sequence[Path], who: str) -> list[list[str]]:
    """codesign's command lines, from the inside out as Apple asks (Technical Note TN2206, "Signing Nested Code").

    `programs` are those in Contents/MacOS; the first is the bundle's own and is signed with it.
    """
    frameworks = {outer for path in code if (outer := _framework(path, app)) is not None}
    single = [path for path in code if _framework(path, app) is None]
    deepest_first = sorted(single, key=lambda path: (-len(path.parts), str(path)))
    commands = [_sign(path, who) for path in (*deepest_first, *sorted(frameworks))]
    commands += [_sign(path, who, is_program=True) for path in programs[1:]]
    commands.append(_sign(app, who, is_program=True))
    commands.append(["codesign", "--verify", "--deep", "--strict", str(app)])
    return commands


def notary_commands(image: Path, profile: str) -> list[list[str]]:
    """Sends the disk image to Apple, waits for the verdict and attaches it, so that it counts offline, too."""
    return [
        ["xcrun", "notarytool", "submit", str(image), "--keychain-profile", profile, "--wait"],
        ["xcrun", "stapler", "staple", str(image)],
    ]


def sign_app(app: Path, code: Iterable[Path], programs: Sequence[Path]) -> None:
    """Sign all code of `app`, and check the signature.

    Raises:
        SigningError: codesign refused.
    """
    for command in app_commands(app, list(code), programs, identity()):
        run(command)


def sign_image(image: Path) -> None:
    """Sign and notarize a disk image, as far as the environment names an identity and a profile.

    Raises:
        SigningError: one of the programs refused.
    """
    who = identity()
    profile = os.environ.get(PROFILE_VARIABLE)
    if who == AD_HOC:
        if profile:
            raise SigningError(
                f"{PROFILE_VARIABLE} needs {IDENTITY_VARIABLE}: Apple notarizes no ad hoc signature"
            )
        return
    run(_sign(image, who, is_hardened=False))
    for command in notary_commands(image, profile) if profile else ():
        run(command)


def run(command: Sequence[str]) -> None:
    """Run one of Apple's programs.

    Raises:
        SigningError: it failed.
    """
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise SigningError(f"{command[0]} cannot be run: {error}") from error
    if done.returncode:
        raise SigningError(f"{' '.join(command)}\nfailed:\n{done.stdout}")


def _sign(path: Path, who: str, *, is_program: bool = False, is_hardened: bool = True) -> list[str]:
    command = ["codesign", "--force", "--sign", who]
    if who != AD_HOC:
        command.append("--timestamp")
        if is_hardened:
            # Not ad hoc: the hardened runtime loads only libraries of the same team, and an ad hoc one has none.
            command += ["--options", "runtime"]
    if is_program:
        command += ["--entitlements", str(ENTITLEMENTS)]
    return [*command, str(path)]


def _framework(path: Path, app: Path) -> Path | None:
    """The outermost .framework that `path` is in; it is signed as a whole."""
    for parent in reversed(path.relative_to(app).parents):
        if parent.suffix == ".framework":
            return app / parent
    return None
