"""The kind `parameters`: settings of the application."""
