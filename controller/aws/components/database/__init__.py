"""The kind `database` on AWS."""
