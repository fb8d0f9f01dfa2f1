"""What all faces share: who is let in, how often, what goes wrong in words, what is done once."""
