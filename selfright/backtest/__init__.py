"""The policy, replayed over the past: how often it would have been wrong, and how soon it would have been right."""
