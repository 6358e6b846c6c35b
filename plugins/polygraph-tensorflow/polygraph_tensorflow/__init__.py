"""A backend for polygraph: a Program becomes one TensorFlow graph, run by TensorFlow in C++."""
