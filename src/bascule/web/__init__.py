"""The pages for administrators, and the server that answers with them."""
