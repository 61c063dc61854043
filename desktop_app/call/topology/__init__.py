"""How media travels between us and the others: directly, or through an SFU."""
