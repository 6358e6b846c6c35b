"""ONNX Runtime as a backend of polygraph."""
