"""Liftlock: runs GitHub Actions workflows, judges the result, delivers it, and watches it."""

VERSION = '0.1.0'
