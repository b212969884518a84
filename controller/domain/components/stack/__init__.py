"""The kind `stack`: infrastructure that changes with the application."""
