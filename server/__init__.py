"""The service around the bot: settings, database, sessions, conversations, faces and roof."""
