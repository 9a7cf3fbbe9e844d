"""What tests share: servers of their own, waiting, and people who act in the sandbox."""
