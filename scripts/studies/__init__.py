"""How well: measurements behind the README's figures, each printed as a table."""
