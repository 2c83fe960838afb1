"""Concrete participants that behave like real APIs.

Owns what a business adds to `harness.participant.RestParticipant`: stock that is conserved, charges
that are declined and refunded, addresses that are missing. Refuses to know about faults, worlds and
sagas. Each fake has a `conserved()` that recounts its books from its ledger.
"""

from fakes.dbt_cloud import ENVIRONMENTS, Databases, DbtProjects, Entitlements, GitHub
from fakes.infrastructure import USD_A_MONTH, Ansible, Dns, Docker, Terraform
from fakes.inventory import Inventory
from fakes.notifications import Notifications
from fakes.payments import Payments
from fakes.shipping import Shipping
from fakes.wiki import FileService, GitService

__all__ = [
    "ENVIRONMENTS",
    "USD_A_MONTH",
    "Ansible",
    "Databases",
    "DbtProjects",
    "Dns",
    "Docker",
    "Entitlements",
    "FileService",
    "GitHub",
    "GitService",
    "Inventory",
    "Notifications",
    "Payments",
    "Shipping",
    "Terraform",
]
