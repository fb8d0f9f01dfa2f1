"""What the documents grant, and on what conditions. No personal data, no web, no database."""
