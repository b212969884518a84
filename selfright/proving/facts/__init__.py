"""One module for each fact, or for a few that are measured alike."""
