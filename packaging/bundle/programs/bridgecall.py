"""The window, as PyInstaller starts it."""

import sys

from desktop_app.__main__ import main

sys.exit(main())
