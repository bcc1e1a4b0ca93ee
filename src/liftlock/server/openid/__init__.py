"""Logging in by an OpenID provider: authorization code with PKCE, and nothing believed unproved."""
