"""SenML (RFC 8428): what its file format and its message format share."""
