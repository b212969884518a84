"""The kind `site` on AWS."""
