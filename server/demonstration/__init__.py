"""A desk to look around at, made up: officers, people, their cases and all that follows from one.

Only in development, and only in a database in which nobody works yet.
"""
