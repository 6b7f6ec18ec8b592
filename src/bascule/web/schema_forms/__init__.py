"""Forms made from the keyword table: any block of the language as fields, and back into its text. Pure.

`opened` fills a form from a block of a text, `form` makes of it what a page shows, `saved` puts it into the text again:
statements that were not touched stay as they are, with their comments and their layout.
"""
