"""Liftlock's hook for a bare repository. This package is copied into the repository: it needs
Python 3.8 with its standard library, and nothing of Liftlock."""
