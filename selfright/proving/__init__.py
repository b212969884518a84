"""`selfright prove`: measures in an account what only a real account can settle, on a sandbox that goes again."""
