"""What the pages of the menu Network show, made of answers and of the working copy; pure."""
