"""The Windows package: version resource and NSIS installer."""
