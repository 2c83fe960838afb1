// An order in three steps: reserve the goods, charge for them, ship. Node 18 or newer, no packages.
//
// `node saga.js run ID` begins it and `node saga.js resume ID` goes on with it, the order on stdin.
// Shipping is the pivot: when something fails before it, all is undone; after it, nothing is.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");

const STEPS = [
  { name: "reserve", service: "inventory", action: "POST /reservations", undo: "DELETE /reservations" },
  { name: "charge", service: "payments", action: "POST /charges", undo: "POST /refunds" },
  { name: "ship", service: "shipping", action: "POST /shipments", pivot: true, ask: "GET /shipments" },
];
const ATTEMPTS = 4, TIMEOUT_MS = 300, FIRST_PAUSE_MS = 50;
const DONE = "done", REFUSED = "refused", IN_DOUBT = "in doubt";

async function main() {
  const [, , , sagaId] = process.argv; // the journal knows better than the command whether it has begun
  const order = JSON.parse(fs.readFileSync(0, "utf8"));
  const journal = new Journal(path.join(process.env.SAGA_STORE_DIR, sagaId + ".journal"));
  const outcome = await new Saga(sagaId, order, journal).run();
  console.log("OUTCOME " + JSON.stringify(outcome));
}

class Saga {
  constructor(id, order, journal) {
    Object.assign(this, { id, order, journal });
  }

  async run() {
    for (const step of STEPS) {
      if (this.journal.error() || !(await this.act(step))) break;
    }
    if (this.journal.error()) return this.undoAll();
    const shipped = STEPS.every((step) => this.journal.has("done", step.name));
    return shipped ? this.outcome("completed") : this.outcome("stuck", "ship: in doubt, and it cannot be undone");
  }

  /** Whether the next step may be taken. */
  async act(step) {
    if (this.journal.has("done", step.name)) return true;
    const sentBefore = this.journal.has("sent", step.name); // and then it died: that request may still arrive
    this.journal.add("sent", step.name);
    const body = { saga_id: this.id, ...this.order };
    let [answer, why] = await send(step.service, step.action, { key: `${this.id}:${step.name}`, body });
    if (step.pivot && (answer === IN_DOUBT || (answer === REFUSED && sentBefore))) answer = await this.ask(step);
    if (answer === DONE) this.journal.add("done", step.name);
    else if (answer === REFUSED || !step.pivot) {
      this.journal.add("failed", `${step.name}: ${why}`); // from here on there is no way but back
    }
    return answer === DONE;
  }

  /** Was it done? No is no answer: the request may be on its way. */
  async ask(step) {
    const [answer, found] = await send(step.service, `${step.ask}?saga_id=${this.id}`);
    return answer === DONE && found.items.length > 0 ? DONE : IN_DOUBT;
  }

  /** By saga id, which finds what it does not know of; the last step first. */
  async undoAll() {
    const error = this.journal.error();
    for (const { name, service, undo } of [...STEPS].reverse()) {
      if (!undo || !this.journal.has("sent", name) || this.journal.has("undone", name)) continue;
      const key = `${this.id}:${name}:undo`;
      const [answer, why] = await send(service, `${undo}?saga_id=${this.id}`, { key, undoing: true });
      // If it cannot be undone, a person has to look: `compensated` would be a lie.
      if (answer !== DONE) return this.outcome("stuck", `${error}; undo of ${name}: ${why}`);
      this.journal.add("undone", name);
    }
    return this.outcome("compensated", error);
  }

  outcome(status, error = null) {
    const told = this.journal.lines.filter(([word]) => word === "done" || word === "undone");
    return { status, detail: { error, log: told.map(([word, step]) => [step, word]) } };
  }
}

/** What happened, a line each, and each on the disk before anything else is done. */
class Journal {
  constructor(file) {
    this.file = fs.openSync(file, "a+");
    const text = fs.readFileSync(file);
    const whole = text.subarray(0, text.lastIndexOf("\n") + 1);
    fs.ftruncateSync(this.file, whole.length); // a line that was cut short never happened
    this.lines = whole.toString().split("\n").slice(0, -1).map((line) => JSON.parse(line));
    const folder = fs.openSync(path.dirname(file), "r");
    fs.fsyncSync(folder); // or a new file may be gone after a power cut
    fs.closeSync(folder);
  }

  add(word, what) {
    if (this.has(word, what)) return;
    this.lines.push([word, what]);
    fs.writeSync(this.file, JSON.stringify([word, what]) + "\n");
    fs.fsyncSync(this.file);
  }

  has(word, what) {
    return this.lines.some((line) => line[0] === word && line[1] === what);
  }

  /** Why it turned back; undefined while it goes forward. */
  error() {
    return this.lines.find(([word]) => word === "failed")?.[1];
  }
}

/**
 * Ask until there is an answer: DONE and what it says, or REFUSED or IN_DOUBT and why.
 * REFUSED means that surely nothing was done: each attempt was refused, or found nobody there.
 */
async function send(service, route, { key, body, undoing = false } = {}) {
  let doubt = false, why = "", pauseMs = FIRST_PAUSE_MS;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) {
      await sleep(pauseMs);
      pauseMs = FIRST_PAUSE_MS * 2 ** attempt;
    }
    try {
      const { status, waitS, text } = await once(service, route, key, body);
      if (status >= 200 && status < 300 && status !== 202) return [DONE, text ? JSON.parse(text) : null];
      if (undoing && (status === 404 || status === 410)) return [DONE, null];
      why = `answered ${status}`;
      if (status >= 400 && status < 500 && status !== 429) break;
      doubt ||= status !== 429;
      pauseMs = Math.max(pauseMs, waitS * 1000);
    } catch (error) {
      const refused = error.cause?.code === "ECONNREFUSED";
      doubt ||= !refused; // silence, a cut, or nonsense
      why = refused ? "nobody listens" : `${error.name}: ${error.cause?.code ?? error.message}`;
    }
  }
  return [doubt ? IN_DOUBT : REFUSED, why];
}

/** One request on a connection of its own: its status, the seconds to wait, and its text. */
async function once(service, route, key, body) {
  const [method, place] = route.split(" ");
  const headers = { "Content-Type": "application/json", Connection: "close" };
  if (key) headers["Idempotency-Key"] = key;
  const reply = await fetch(process.env[`SAGA_${service.toUpperCase()}_URL`] + place, {
    method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return { status: reply.status, waitS: Number(reply.headers.get("retry-after") ?? 0), text: await reply.text() };
}

main();
