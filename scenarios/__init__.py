"""The registered scenarios: sagas under test with their participants and inputs.

Owns the names that the command line knows. Each scenario is made when it is asked for, so that
listing names imports none of them. Adding a scenario is one folder here and one line in `REGISTRY`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.scenario import Scenario


def _late(module: str, function: str) -> Callable[[], Scenario]:
    def make() -> Scenario:
        made: Scenario = getattr(import_module(f"{__name__}.{module}"), function)()
        return made

    return make


REGISTRY: Mapping[str, Callable[[], Scenario]] = MappingProxyType(
    {
        "order-fulfilment": _late("order_fulfilment", "order_fulfilment"),
        "order-fulfilment-sync": _late("order_fulfilment", "order_fulfilment_sync"),
        "order-fulfilment-durable": _late("order_fulfilment", "order_fulfilment_durable"),
        "order-fulfilment-durable-sync": _late("order_fulfilment", "order_fulfilment_durable_sync"),
        "order-fulfilment-command": _late("order_fulfilment", "order_fulfilment_command"),
        "order-fulfilment-forward": _late("order_fulfilment", "order_fulfilment_forward"),
        "order-fulfilment-as-documented": _late("order_fulfilment", "order_fulfilment_as_documented"),
        "client-onboarding": _late("client_onboarding", "client_onboarding"),
        "client-onboarding-as-documented": _late("client_onboarding", "client_onboarding_as_documented"),
        "client-onboarding-choreographed": _late("client_onboarding", "client_onboarding_choreographed"),
        "client-onboarding-choreographed-as-documented": _late(
            "client_onboarding", "client_onboarding_choreographed_as_documented"
        ),
        "dbt-project-creation": _late("dbt_project_creation", "dbt_project_creation"),
        "dbt-project-creation-as-documented": _late(
            "dbt_project_creation", "dbt_project_creation_as_documented"
        ),
        "dbt-project-creation-choreographed": _late(
            "dbt_project_creation", "dbt_project_creation_choreographed"
        ),
        "dbt-project-creation-choreographed-as-documented": _late(
            "dbt_project_creation", "dbt_project_creation_choreographed_as_documented"
        ),
        "web-app-deployment": _late("web_app_deployment", "web_app_deployment"),
        "web-app-deployment-as-documented": _late("web_app_deployment", "web_app_deployment_as_documented"),
        "wiki-generation": _late("wiki_generation", "wiki_generation"),
        "wiki-generation-parallel": _late("wiki_generation", "wiki_generation_parallel"),
        "wiki-generation-as-documented": _late("wiki_generation", "wiki_generation_as_documented"),
    }
)
