"""From raw sources to questions worth paying for: sources, normalising, tags, duplicates, contamination, Lean."""
