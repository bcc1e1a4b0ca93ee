"""Envoy as the traffic router of a store, configured by nothing but files."""
