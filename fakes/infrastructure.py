"""Where a web application is deployed: Terraform, Docker, Ansible, DNS. What stands there costs money.

Owns a price a month for each resource, which its effects tell, and `costs` for whoever counts what is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from fakes.records import Records
from fakes.routes import routes
from harness.participant import Operation, Owner, Repeats, Reply, Request, ResourceSpec

USD_A_MONTH: Mapping[str, int] = MappingProxyType(
    {"terraform.database": 500, "docker.servers": 200, "ansible.lb_config": 0, "dns.record": 0}
)
"""What each costs; those without a price of their own cost nothing."""


def _resource(name: str, path: str, *, undone: bool = True) -> ResourceSpec:
    undos = {"delete": f"DELETE {path}/{{id}}", "delete_by_saga": f"DELETE {path}"} if undone else {}
    by_verb = {"create": f"POST {path}", "get": f"GET {path}/{{id}}", "find": f"GET {path}", **undos}
    return ResourceSpec(name=name, routes=routes(name, **by_verb), repeats=Repeats.NATURAL)


class _Priced(Records):
    def handle(
        self, operation: Operation, id_: str | None, request: Request, owner: Owner, *, part: bool = False
    ) -> Reply:
        """As any other; what it changed says what that costs."""
        reply = super().handle(operation, id_, request, owner, part=part)
        told = [
            msgspec.structs.replace(one, detail=f"{one.change}, ${USD_A_MONTH[one.resource]} a month")
            if USD_A_MONTH.get(one.resource)
            else one
            for one in reply.effects
        ]
        return msgspec.structs.replace(reply, effects=tuple(told))


class Terraform(_Priced):
    """Databases."""

    name = "terraform"
    resources = (_resource("database", "/databases"),)
    needs: Mapping[str, tuple[str, ...]] = {"database": ("name",)}


class Docker(_Priced):
    """Groups of application servers."""

    name = "docker"
    resources = (_resource("servers", "/servers"),)
    needs: Mapping[str, tuple[str, ...]] = {"servers": ("image", "database_id")}


class Ansible(_Priced):
    """Configurations of the load balancer."""

    name = "ansible"
    resources = (_resource("lb_config", "/lb-configs"),)
    needs: Mapping[str, tuple[str, ...]] = {"lb_config": ("servers_id",)}


class Dns(_Priced):
    """Records. The world has read one as soon as it is there, so no route takes it back."""

    name = "dns"
    resources = (_resource("record", "/records", undone=False),)
    needs: Mapping[str, tuple[str, ...]] = {"record": ("host", "lb_config_id")}
