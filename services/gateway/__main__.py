"""Run the gateway: `python -m services.gateway [--role all|shards|actions]`."""

import argparse
import os

from services.gateway.app import main
from shared.service import run

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m services.gateway", description=__doc__)
    parser.add_argument("--role", choices=("all", "shards", "actions"))
    if role := parser.parse_args().role:
        os.environ["ROLE"] = role
    run("gateway", main)
