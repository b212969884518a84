"""The controller's stack: everything that runs releases, and nothing of any application."""
