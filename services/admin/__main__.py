"""Run admin: `python -m services.admin`."""

from services.admin.app import main
from shared.service import run

if __name__ == "__main__":
    run("admin", main)
