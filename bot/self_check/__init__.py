"""The self-check in conversation: what it asks, how replies are read, how it ends."""
