"""The kinds of components: what each is in a bundle and in an environment, without AWS."""
