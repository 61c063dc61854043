"""Files to and from others: cards in the conversation, drag and drop, opening what has come."""
