"""Stats put together: the only place that opens anything, and closes it again."""

from pathlib import Path
from typing import Final

MIGRATIONS: Final = Path(__file__).parent / "migrations" / "postgres"
