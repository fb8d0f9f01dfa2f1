"""People, and what is held about them: agreed to, kept sealed, given out, erased."""
