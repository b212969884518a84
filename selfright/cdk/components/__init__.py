"""The components that an application declares: a module for each kind."""
