"""The semantics contract: questions on which engines differ, to be put to TensorFlow."""
