"""The HTTP services that actions expect: artifacts, cache, OIDC. May import plan and language."""
