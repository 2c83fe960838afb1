"""Two projects: one with a database of its own, one that uses a database that is there already."""

from harness.saga import Json

ALL_ENVIRONMENTS = ("development", "staging", "production")

WITH_NEW_DATABASE: Json = {
    "project_name": "churn",
    "description": "Who leaves, and why",
    "owner": "ann@example.com",
    "environment": "dev",
    "business_area": "sales",
    "environments": ALL_ENVIRONMENTS,
    "database_selection": "new",
    "new_database": {
        "name": "churn_db",
        "warehouse": "wh_small",
        "database": "CHURN",
        "schema": "PUBLIC",
    },
}
WITH_EXISTING_DATABASE: Json = {
    "project_name": "returns",
    "description": "What comes back",
    "owner": "ben@example.com",
    "environment": "dev",
    "business_area": "logistics",
    "environments": ALL_ENVIRONMENTS,
    "database_selection": "existing",
    "existing_database_id": "warehouse_db",
}
PROJECTS: tuple[Json, ...] = (WITH_NEW_DATABASE, WITH_EXISTING_DATABASE)
