"""The rules of our table, a job each: sets and maps, and the chains that look into them."""
