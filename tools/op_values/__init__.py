"""Concrete inputs, family by family, on which TensorFlow's ops are recorded."""
