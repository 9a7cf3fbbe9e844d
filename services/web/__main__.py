"""Run the dashboard: `python -m services.web`."""

from services.web.app import main
from shared.service import run

if __name__ == "__main__":
    run("web", main)
