"""The kind `note` on AWS."""
