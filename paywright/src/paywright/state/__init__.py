"""The objects of the sandbox, in one SQLite file."""
