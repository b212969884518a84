"""The kind `image`: a Lambda function from a container image."""
