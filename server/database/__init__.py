"""The database, and what each table in it is made of."""
