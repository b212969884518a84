"""The kind `site`: plan and recover."""
