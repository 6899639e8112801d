"""The JSON API below `/v1`: one file for each kind of resource."""
