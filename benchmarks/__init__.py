"""Benchmarks: what is measured, against whom, again by one command."""
