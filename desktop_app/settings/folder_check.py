"""Whether files can be saved in a folder, found out by trying."""

from __future__ import annotations

import os
import tempfile


def folder_problem(path: str) -> str:
    """Why nothing can be saved in the folder `path`, in one sentence; empty when it can. Waits for the disk."""
    if not os.path.isdir(path):
        return "This is a file, not a folder." if os.path.exists(path) else "There is no such folder."
    try:
        with tempfile.TemporaryFile(prefix=".bridgecall-", dir=path):
            return ""
    except PermissionError:
        return "There is no permission to save files in this folder."
    except OSError as error:
        return f"Files cannot be saved in this folder: {error.strerror or 'the disk refused'}."
