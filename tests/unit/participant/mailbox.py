"""A participant that is no `RestParticipant`: one address for everything, commands and keys in the body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.participant import (
    Change,
    Effect,
    Matched,
    Operation,
    Owner,
    Reply,
    Request,
    ResourceSpec,
    Response,
    Route,
    Verb,
)

_ADDRESS = (Route(method="POST", path="/commands"),)
LETTER = ResourceSpec(
    name="letter", routes={Verb.CREATE: _ADDRESS, Verb.DELETE_BY_SAGA: _ADDRESS, Verb.FIND: _ADDRESS}
)
COMMANDS = {"send": Verb.CREATE, "recall": Verb.DELETE_BY_SAGA, "list": Verb.FIND}


@dataclass
class Letter:
    owner: Owner
    key: str | None
    whole: bool
    live: bool = True


@dataclass
class Mailbox:
    """Knows a command by the word in its body. Who has recalled can send no more."""

    name: str = "mailbox"
    letters: list[Letter] = field(default_factory=list)
    recalled: set[str] = field(default_factory=set)

    @property
    def resources(self) -> Sequence[ResourceSpec]:
        return (LETTER,)

    @property
    def operations(self) -> Mapping[str, Operation]:
        made = [Operation(participant=self.name, resource=LETTER, verb=verb) for verb in COMMANDS.values()]
        return {one.name: one for one in made}

    def fresh(self) -> Mailbox:
        return Mailbox(self.name)

    def match(self, request: Request) -> Matched | None:
        verb = COMMANDS.get(str(request.fields().get("do")))
        if verb is None or request.path != "/commands":
            return None
        return Matched(Operation(participant=self.name, resource=LETTER, verb=verb), None)

    def key_of(self, request: Request) -> str | None:
        key = request.fields().get("once")
        return key if isinstance(key, str) and key else None

    def heeds_key(self, operation: Operation, request: Request) -> bool:
        del request
        return operation.verb is Verb.CREATE

    def owner_of(self, operation: Operation, id_: str) -> Owner | None:
        del operation
        number = int(id_) - 1
        return self.letters[number].owner if number < len(self.letters) else None

    def handle(
        self, operation: Operation, id_: str | None, request: Request, owner: Owner, *, part: bool = False
    ) -> Reply:
        del id_
        if operation.verb is Verb.CREATE:
            return self._send(owner, self.key_of(request), part=part)
        mine = [index for index, one in enumerate(self.letters) if one.owner.saga_id == owner.saga_id]
        live = [index for index in mine if self.letters[index].live]
        if operation.verb is Verb.FIND:
            items = [{"id": str(index + 1)} for index in live if self.letters[index].whole]
            return Reply(response=Response.of(200, {"items": items}))
        self.recalled.add(owner.saga_id)
        for index in live:
            self.letters[index].live = False
        effects = tuple(self._effect(index, Change.REMOVED) for index in live)
        return Reply(response=Response.of(200, {"id": owner.saga_id}), effects=effects)

    def _send(self, owner: Owner, key: str | None, *, part: bool) -> Reply:
        if owner.saga_id in self.recalled:
            return Reply(response=Response.of(409, {"error": "recalled before it was sent"}))
        same = [index for index, one in enumerate(self.letters) if key is not None and one.key == key]
        if same and (part or self.letters[same[0]].whole):
            return self._sent(same[0], part=part)
        if same:
            self.letters[same[0]].whole = True
            return self._sent(same[0], Change.COMPLETED, part=False)
        self.letters.append(Letter(owner, key, whole=not part))
        return self._sent(len(self.letters) - 1, Change.PART if part else Change.CREATED, part=part)

    def _sent(self, index: int, change: Change | None = None, *, part: bool) -> Reply:
        response = Response.of(500, {"error": "part"}) if part else Response.of(201, {"id": str(index + 1)})
        effects = () if change is None else (self._effect(index, change),)
        return Reply(response=response, effects=effects)

    def _effect(self, index: int, change: Change) -> Effect:
        owner = self.letters[index].owner
        return Effect(
            change=change,
            resource=f"{self.name}.letter",
            incarnation=index + 1,
            saga_id=owner.saga_id,
            step=owner.step,
        )
