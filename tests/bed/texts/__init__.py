"""Random configurations, written from the keyword table itself: whatever the language learns is written too."""
