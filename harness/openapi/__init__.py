"""OpenAPI documents: from a description of a service to a participant, its steps and their requests.

Owns reading a document (3.0 and 3.1, JSON or YAML), and guessing from it what a saga may do there: which
operation creates, which one undoes it, what they send and answer. Each guess is said. Refuses to write files,
and to know how a saga is called.

    document    one document: read, its references followed
    checks      whether it has the shape of one, and which rules it breaks
    values      example values from schemas
    operations  which operations belong together: create, undo, get, find
    answers     what a create and a query answer: status, id, list, errors
    requests    how an operation is sent, and written as a route
    guess       a whole participant of these
    texts       the same as lines of a saga.toml and of a saga
"""

from harness.openapi.document import OpenApi, read_document
from harness.openapi.guess import GuessedService, guess_service

__all__ = ["GuessedService", "OpenApi", "guess_service", "read_document"]
