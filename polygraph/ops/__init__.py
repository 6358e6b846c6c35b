"""The ops: TF1's op types, each with its static shape, gradient and meaning."""
