"""The controller's stack: everything that runs releases, and no resource of any application."""
