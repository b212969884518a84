"""What an application declares about its components: a module for each kind."""
