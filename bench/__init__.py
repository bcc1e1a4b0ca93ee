"""Measurements: each file has a `main` that prints one table. `python -m bench` runs them all."""
