"""The kind `site`: static files behind CloudFront."""
