"""The applications that Selfright releases: their sources, and the code that makes release folders from them."""
