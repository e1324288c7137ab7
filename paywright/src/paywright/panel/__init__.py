"""Pages for people: what happened in this sandbox."""
