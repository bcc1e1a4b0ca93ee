"""Carries out what the core decides, durably. May import the hands and the core."""
