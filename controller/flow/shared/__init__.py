"""What several states share."""
