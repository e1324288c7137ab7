"""Backups: the database and the documents in one file, and the way back.

A backup is a tar file that the usual tools open. `take` writes it, `restore` reads it; `package` knows the file,
`sqlite` and `postgresql` know the databases. Decision: docs/decisions/0079-restored-numbers.md
"""
