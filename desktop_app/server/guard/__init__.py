"""What keeps a flood of one from disturbing the others: limits by connection, address and room."""
