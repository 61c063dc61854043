"""Pictures of a screen or of a window, to be shared in a call.

source.py    what there is to share, with a small picture of it
x11.py       the X11 requests that windows take
windows.py   windows of an X11 desktop: listed and grabbed
screens.py   whole screens (mss)
reader.py    from grabbed pixels to pictures: scaled, and only as often as something changes
capture.py   the thread that does it
open.py      from an id or a word of the command line to a capture
"""
