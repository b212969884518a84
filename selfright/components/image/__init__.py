"""The kind `image`: pack."""
