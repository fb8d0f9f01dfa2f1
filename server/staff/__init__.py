"""How the staff sign in: accounts, passwords, second factors, sessions, known devices."""
