"""The kind `function`: plan and recover."""
