"""Delivery, carried out: one controller an environment, a supervisor a store."""
