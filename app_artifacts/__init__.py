"""The applications that Selfright releases: their sources, and what makes release folders of them."""
