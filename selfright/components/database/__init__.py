"""The kind `database`: recover."""
