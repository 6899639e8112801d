"""Benchmarks: one file per workload, with its peer in the same run."""
