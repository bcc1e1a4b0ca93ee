"""Commit statuses, as each kind of forge wants to be told them."""
