"""Adapters: how a saga under test, in whatever shape it comes, is started and heard.

Owns the `SagaAdapter` seam, the context a callable gets, the wrapper that validates what it
returns, and the ready-made adapters. Refuses to judge: nonsense becomes a `Returned` with a
`problem`, and *termination* judges that.

Adding an adapter is one new module, here or with its reader in `harness.loader.adapters`, and one line
there for `saga.toml`. `host` is a program: it runs a callable as a command.
"""

from harness.adapter.callable import CallableSaga
from harness.adapter.context import SagaContext
from harness.adapter.outcome import Returned, read_outcome
from harness.adapter.protocol import SagaAdapter

__all__ = ["CallableSaga", "Returned", "SagaAdapter", "SagaContext", "read_outcome"]
