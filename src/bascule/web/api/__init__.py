"""The REST interface under `/api/v1`: the operations of the service as resources, for programs with a token."""
