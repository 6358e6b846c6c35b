"""JAX: each Program is one XLA executable."""
