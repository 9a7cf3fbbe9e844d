"""What is wrong with a configuration, and where in its text."""

from shared.errors import UserError


class ConfigError(UserError):
    """A configuration is refused; lines and columns count from 1, and 0 is nowhere in particular.

    `path` names the place by its keys: `plugins.core.prefix`.
    """

    code = "invalid_config"

    def __init__(self, problem: str, *, line: int = 0, column: int = 0, path: str = "") -> None:
        place = f"Line {line}, column {column}: " if line else ""
        super().__init__(f"{place}{problem}")
        self.problem = problem
        self.line = line
        self.column = column
        self.path = path
