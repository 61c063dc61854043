"""The signaling server, as PyInstaller starts it."""

import sys

from desktop_app.server.__main__ import main

sys.exit(main())
