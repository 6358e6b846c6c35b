"""The embedded default backend: NumPy, one generated straight-line function for a Program."""
