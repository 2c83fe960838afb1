"""What the API answers when it says no: the words and the status are the real server's."""


class ApiFailure(Exception):  # noqa: N818 -- an answer, not a fault of ours
    """An error answer of the API."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def bad_body(reason: str) -> ApiFailure:
    """The body is not what the endpoint takes."""
    return ApiFailure(f"bad request body: {reason}", 400)


def missing_field(name: str) -> ApiFailure:
    """A field without which nothing can be made."""
    return ApiFailure(f"missing required field: {name}", 400)


def proxy_not_found() -> ApiFailure:
    return ApiFailure("proxy not found", 404)


def proxy_exists() -> ApiFailure:
    return ApiFailure("proxy already exists", 409)


def invalid_stream() -> ApiFailure:
    return ApiFailure("stream was invalid, can be either upstream or downstream", 400)


def invalid_toxic_type() -> ApiFailure:
    return ApiFailure("invalid toxic type", 400)


def toxic_exists() -> ApiFailure:
    return ApiFailure("toxic already exists", 409)


def toxic_not_found() -> ApiFailure:
    return ApiFailure("toxic not found", 404)
