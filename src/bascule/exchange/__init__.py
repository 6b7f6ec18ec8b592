"""What Exchange needs of a balancer: versions and services as data, and what the product derives from them."""
