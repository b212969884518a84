"""The kind `stack`: plan."""
