"""Random graphs, run on two backends and compared; a disagreement is made small and kept.

``polygraph.conformance.fuzz.driver.fuzz("numpy", "jax", graphs=500, seed=1)`` does it.
"""
