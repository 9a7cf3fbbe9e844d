"""Infractions: everything that happens to a member, recorded, carried out and lifted in time."""
