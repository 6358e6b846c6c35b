"""The engines in the box, each below a folder of its own; no backend imports another."""
