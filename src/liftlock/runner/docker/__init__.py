"""Containers by an engine: docker or podman, spoken to by their command line, which is the same."""
