"""pyqtgraph imports these two by name, whether or not anything is drawn with them."""

hiddenimports = ["PySide6.QtOpenGL", "PySide6.QtOpenGLWidgets"]
