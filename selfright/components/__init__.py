"""The kinds of components on a person's machine: pack, plan and recover, a folder for each kind."""
