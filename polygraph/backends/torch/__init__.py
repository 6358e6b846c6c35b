"""PyTorch: each Program is one generated function, or what inductor or CUDA graphs make of it."""
