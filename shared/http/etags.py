"""ETags from versions: read again only what changed, change only what was read."""

from shared.errors import UserError


class StaleError(UserError):
    """What was to be changed is no longer as it was read."""

    status = 412
    code = "stale"


def etag(version: int) -> str:
    """Return the ETag of a version."""
    return f'"{version}"'


def unchanged(if_none_match: str | None, version: int) -> bool:
    """Say whether who asks has this version already, by their If-None-Match."""
    if if_none_match is None:
        return False
    known = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return "*" in known or etag(version) in known


def check_unchanged(if_match: str | None, version: int) -> None:
    """Raise StaleError when If-Match names other versions than the one that holds."""
    if if_match is None:
        return
    wanted = [each.strip() for each in if_match.split(",")]
    if "*" not in wanted and etag(version) not in wanted:
        raise StaleError(
            f"It has changed since you read it: its ETag is {etag(version)} now. "
            "Read it again, then decide."
        )
