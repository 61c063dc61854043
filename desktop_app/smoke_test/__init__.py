"""`bridgecall --smoke-test`: does this installation work? The real window calls itself, without any device."""
