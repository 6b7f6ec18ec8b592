"""The contenders: each starts one way of carrying the same services."""
