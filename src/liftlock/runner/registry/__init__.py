"""Asking a container registry, without an engine: which digest does a tag point at?"""
