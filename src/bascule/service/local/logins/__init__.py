"""Who has logged in to the pages, kept in memory: whoever restarts the parent logs everybody out."""
