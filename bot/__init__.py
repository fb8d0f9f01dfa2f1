"""From a question to an answer: pure functions over data, no web, no database, no network."""
