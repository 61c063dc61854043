"""Settings: one schema, an atomic store and migrations."""
