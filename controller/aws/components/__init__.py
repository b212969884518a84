"""The components on AWS: a folder for each kind."""
