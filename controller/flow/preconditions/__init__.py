"""What must be true before anything is touched."""
