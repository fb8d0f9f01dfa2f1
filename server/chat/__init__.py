"""Conversations with the bot: contexts, turns and the release that answers."""
