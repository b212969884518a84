"""The kind `image` on AWS."""
