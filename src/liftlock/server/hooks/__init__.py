"""Webhooks: who sends, what is kept of it, and what comes of it."""
