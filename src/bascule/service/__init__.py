"""Every use case of the product, once, as a typed request and result."""
