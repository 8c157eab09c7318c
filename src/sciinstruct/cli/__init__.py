"""One thin command per verb; `main` is the entry point."""
