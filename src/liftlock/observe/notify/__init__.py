"""Telling people: Slack, Teams, e-mail, PagerDuty, and webhooks. One module a channel.

Each has `document`, which is pure, and `send`, which raises `Undelivered` with a reason.
"""
