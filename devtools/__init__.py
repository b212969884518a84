"""The implementation of `./dev`: standard library only, because it runs before anything is installed."""
