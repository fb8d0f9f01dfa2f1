"""`python -m server.migrations`: whether the revisions lead to the tables of the code."""

import sys
import tempfile

from server.database.db import Database
from server.migrations import differences, upgrade

with tempfile.TemporaryDirectory() as folder:
    database = Database(f"sqlite:///{folder}/empty.db")
    upgrade(database)
    found = differences(database)
    database.release()
print("\n".join(found) or "migrations: up to date")
sys.exit(1 if found else 0)
