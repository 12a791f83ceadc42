"""A small speech emotion model of EMO-DB, made by one command."""
