"""Reading what clients send: each field checked, and every mistake told at once as Discord does."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import cast
from urllib.parse import urlsplit

from sandbox.errors import FormErrors, form_error

Field = Callable[[object], object]
Json = dict[str, object]

MAX_SNOWFLAKE = 2**63 - 1


class Invalid(Exception):  # noqa: N818 - it names what a value is, and never reaches a client
    """What is wrong with a value, as Discord nests it."""

    def __init__(self, errors: FormErrors) -> None:
        super().__init__(str(errors))
        self.errors = errors


def invalid(code: str, message: str) -> Invalid:
    """Return one mistake."""
    return Invalid({"_errors": [{"code": code, "message": message}]})


REQUIRED = ("BASE_TYPE_REQUIRED", "This field is required")


def text(minimum: int = 0, maximum: int | None = None) -> Field:
    """Accept a string of a length, stripped of the space around it."""

    def read_text(value: object) -> str:
        if not isinstance(value, str):
            raise invalid("STRING_TYPE_CONVERT", f'Could not interpret "{value}" as string.')
        _check_length(len(value), minimum, maximum)
        return value

    return read_text


def _check_length(length: int, minimum: int, maximum: int | None) -> None:
    too_long = maximum is not None and length > maximum
    if minimum == 1 and length == 0:
        raise invalid(*REQUIRED)
    if minimum and maximum is not None and (length < minimum or too_long):
        raise invalid("BASE_TYPE_BAD_LENGTH", f"Must be between {minimum} and {maximum} in length.")
    if too_long:
        raise invalid("BASE_TYPE_MAX_LENGTH", f"Must be {maximum} or fewer in length.")
    if length < minimum:
        raise invalid("BASE_TYPE_MIN_LENGTH", f"Must be {minimum} or more in length.")


def integer(minimum: int | None = None, maximum: int | None = None) -> Field:
    """Accept a whole number, also written as text, within bounds."""

    def read_integer(value: object) -> int:
        number = _whole(value, "int")
        if maximum is not None and number > maximum:
            raise invalid(
                "NUMBER_TYPE_MAX", f"int value should be less than or equal to {maximum}."
            )
        if minimum is not None and number < minimum:
            raise invalid(
                "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {minimum}."
            )
        return number

    return read_integer


def _whole(value: object, kind: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.removeprefix("-").isdecimal() and len(value) < 40:  # noqa: PLR2004 - longer than any number
        return int(value)
    raise invalid("NUMBER_TYPE_COERCE", f'Value "{value}" is not {kind}.')


def snowflake(value: object) -> int:
    """Accept an id."""
    number = _whole(value, "snowflake")
    if not 0 <= number <= MAX_SNOWFLAKE:
        raise invalid(
            "NUMBER_TYPE_MAX", f"snowflake value should be less than or equal to {MAX_SNOWFLAKE}."
        )
    return number


def bits(value: object) -> int:
    """Accept a set of permissions, written as text or as a number."""
    number = _whole(value, "int")
    if number < 0:
        raise invalid("NUMBER_TYPE_MIN", "int value should be greater than or equal to 0.")
    return number


def boolean(value: object) -> bool:
    """Accept true or false, also as a query writes them."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "1", "false", "0"):
        return value.lower() in ("true", "1")
    raise invalid("BOOLEAN_TYPE_CONVERT", "Must be either true or false.")


def moment(value: object) -> datetime:
    """Accept a time in ISO 8601."""
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        raise invalid(
            "DATE_TIME_TYPE_PARSE", f"Could not parse {value}. Should be ISO8601."
        ) from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def url(*schemes: str) -> Field:
    """Accept an address with one of some schemes (http and https if none are named)."""
    allowed = schemes or ("http", "https")

    def read_url(value: object) -> str:
        address = cast("str", text(0, 2048)(value))
        parts = urlsplit(address)
        if not parts.scheme or not (parts.netloc or parts.path):
            raise invalid("URL_TYPE_INVALID_URL", "Not a well formed URL.")
        if parts.scheme not in allowed:
            raise invalid(
                "URL_TYPE_INVALID_SCHEME",
                f'Scheme "{parts.scheme}" is not supported. Scheme must be one of {allowed}.',
            )
        return address

    return read_url


def choice(*values: int | str) -> Field:
    """Accept one of some values."""

    def read_choice(value: object) -> object:
        wanted = (
            int(value)
            if isinstance(value, str) and isinstance(values[0], int) and value.isdecimal()
            else value
        )
        if wanted not in values:
            raise invalid("BASE_TYPE_CHOICES", f"Value must be one of {values}.")
        return wanted

    return read_choice


def nullable(field: Field) -> Field:
    """Accept nothing, or what a field accepts."""
    return lambda value: None if value is None else field(value)


def anything(value: object) -> object:
    """Accept whatever it is."""
    return value


def array(field: Field, *, minimum: int = 0, maximum: int | None = None) -> Field:
    """Accept a list of what a field accepts."""

    def read_array(value: object) -> list[object]:
        if not isinstance(value, list):
            raise invalid("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        items = cast("list[object]", value)
        _check_length(len(items), minimum, maximum)
        return _each(items, field)

    return read_array


def _each(items: list[object], field: Field) -> list[object]:
    good: list[object] = []
    errors: FormErrors = {}
    for index, item in enumerate(items):
        try:
            good.append(field(item))
        except Invalid as wrong:
            errors[str(index)] = wrong.errors
    if errors:
        raise Invalid(errors)
    return good


def model(fields: Mapping[str, Field], required: tuple[str, ...] = ()) -> Field:
    """Accept an object of some fields; fields that are not named are left out."""
    return lambda value: read_object(value, fields, required)


def read_object(value: object, fields: Mapping[str, Field], required: tuple[str, ...] = ()) -> Json:
    """Return the named fields of an object, each as its field reads it; raise `Invalid`."""
    if not isinstance(value, dict):
        raise invalid("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
    given = cast("Json", value)
    good: Json = {}
    errors: FormErrors = {}
    for name, field in fields.items():
        if name not in given or (given[name] is None and name in required):
            if name in required:
                errors[name] = invalid(*REQUIRED).errors
            continue
        try:
            good[name] = field(given[name])
        except Invalid as wrong:
            errors[name] = wrong.errors
    if errors:
        raise Invalid(errors)
    return good


def read(value: object, fields: Mapping[str, Field], required: tuple[str, ...] = ()) -> Json:
    """Return the named fields of a body or a query, or answer 50035 with every mistake in it."""
    try:
        return read_object(value, fields, required)
    except Invalid as wrong:
        raise form_error(wrong.errors) from None
