"""The language: from text to a frozen configuration, with every mistake as a value. Pure."""
