"""The headless participant, as PyInstaller starts it."""

import sys

from desktop_app.bot.__main__ import main

sys.exit(main())
