"""What any backend must do, ours or a stranger's, and the means to check it."""
