"""The macOS package: application bundle, signature and disk image."""
