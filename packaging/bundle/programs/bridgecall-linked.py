"""All three programs in one file, as PyInstaller starts it where links can give it three names."""

import importlib
import os
import sys

MODULES = {"bridgecall-bot": "desktop_app.bot.__main__", "bridgecall-server": "desktop_app.server.__main__"}

name = os.path.basename(sys.argv[0])
sys.exit(importlib.import_module(MODULES.get(name, "desktop_app.__main__")).main())
