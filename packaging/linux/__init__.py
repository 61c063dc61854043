"""What belongs to Linux: icons, desktop file, AppStream metainfo, the Debian package and the Flatpak manifest."""
