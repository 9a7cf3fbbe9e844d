"""Run infractions: `python -m services.infractions`."""

from services.infractions.app import main
from shared.service import run

if __name__ == "__main__":
    run("infractions", main)
