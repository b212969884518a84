"""The kind `function` on AWS."""
