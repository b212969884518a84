"""The kind `stack` on AWS."""
