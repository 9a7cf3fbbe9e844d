"""Mechanisms and contracts that every service is built from; knows no service."""
