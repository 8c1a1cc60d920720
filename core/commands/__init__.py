"""Commands of the command line in groups of their own; `core.__main__` puts them together."""
