"""Scripts that other tools' own Python runs, in their virtual environments."""
