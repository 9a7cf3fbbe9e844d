"""The backing servers of the local stack, one file each."""
