"""Studies: questions to an instance and its plan, asked by solving again."""
