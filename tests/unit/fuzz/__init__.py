"""The fuzz targets in short."""
