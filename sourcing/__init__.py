"""Plans for allied rare-earth sourcing: who supplies whom, with what, when, at what cost and risk."""
