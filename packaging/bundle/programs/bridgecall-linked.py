"""All three programs in one file, as PyInstaller starts it where links can give it three names."""

import os
import sys

name = os.path.basename(sys.argv[0])
if name == "bridgecall-bot":
    from desktop_app.bot.__main__ import main
elif name == "bridgecall-server":
    from desktop_app.server.__main__ import main
else:
    from desktop_app.__main__ import main

sys.exit(main())
