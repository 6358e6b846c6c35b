"""Rewrites of Programs, one file a pass."""
