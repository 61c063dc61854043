"""Is there a newer version? Asks an address for it, compares, remembers; never downloads nor installs anything."""
