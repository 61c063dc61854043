"""The Debian package, proved in a bare Debian root: installed, started, tested, called, removed."""
