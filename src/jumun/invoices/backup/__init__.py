"""Backups: the database and the documents in one tar file.

`take` writes it and `restore` reads it; `package` is the file's format, `sqlite` and `postgresql` are the databases.
Decision: docs/decisions/0079-restored-numbers.md
"""
