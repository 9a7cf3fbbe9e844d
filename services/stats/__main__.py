"""Run stats: `python -m services.stats`."""

from services.stats.app import main
from shared.service import run

if __name__ == "__main__":
    run("stats", main)
