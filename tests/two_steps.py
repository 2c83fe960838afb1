"""The end of a `saga.toml` that many tests need: reserve, then charge, each undone by saga."""

TWO_STEPS = """[participants.inventory.resources.reservation]
create = "POST /reservations"
delete_by_saga = "DELETE /reservations"
[participants.payments.resources.charge]
create = "POST /charges"
delete_by_saga = "DELETE /charges"
[[steps]]
name = "reserve"
action = "inventory.reservation.create"
compensation = "inventory.reservation.delete_by_saga"
[[steps]]
name = "charge"
action = "payments.charge.create"
compensation = "payments.charge.delete_by_saga"
"""
