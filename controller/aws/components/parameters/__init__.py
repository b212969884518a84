"""The kind `parameters` on AWS."""
