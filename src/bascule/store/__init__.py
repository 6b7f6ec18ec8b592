"""What must outlive the parent and is no configuration: one SQLite file in the state folder."""
