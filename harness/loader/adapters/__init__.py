"""The adapters, one module each: reader, launcher, scaffold and manual command of one shape of saga.

Refuses to start anything: what a reader returns is data. A new adapter of ours is a module here whose
`PLUGIN` says it all, and a line in `_MODULES`; an installed package offers its own as an entry point of
`saga_chaos.adapters`.
"""

from __future__ import annotations

from importlib import import_module

from harness.adapter import SagaAdapter
from harness.loader.adapters.plugin import AdapterPlugin, Launch, ManualCall, Scaffold, Surroundings
from harness.registry import Registry

_MODULES = (
    "callable",
    "subprocess",
    "http",
    "handlers",
)


def _plugin(module: str) -> AdapterPlugin:
    plugin: AdapterPlugin = import_module(f"{__name__}.{module}").PLUGIN
    return plugin


ADAPTERS: Registry[AdapterPlugin] = Registry(
    "adapter", "saga_chaos.adapters", AdapterPlugin, lambda one: one.name, map(_plugin, _MODULES)
)
"""Every adapter by the word that names it: ours, then those that installed packages offer."""


def launched_by(saga: SagaAdapter) -> tuple[AdapterPlugin, Launch] | None:
    """The adapter that launches sagas of this class, ours first; None where none does.

    No package is imported where one of ours does.
    """
    for plugin in ADAPTERS.values():
        if plugin.launch is not None and isinstance(saga, plugin.launch.makes):
            return plugin, plugin.launch
    return None


__all__ = [
    "ADAPTERS",
    "AdapterPlugin",
    "Launch",
    "ManualCall",
    "Scaffold",
    "Surroundings",
    "launched_by",
]
