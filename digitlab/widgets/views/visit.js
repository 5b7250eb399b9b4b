// The visit as the browser has it: its rows, the item in view, and the verdicts that the kernel
// has not answered. All views of a visit share one object.

const PAUSE_MS = 800; // after a refused key the next ones are refused until a pause
const JUMP_MS = 150; // a key this soon after a jump cannot be meant for the new picture

const READING = "The next picture is still being read";
const ALL_JUDGED = "Every digit has a verdict; choose a cell to change one";
const JUMPED = "Another picture has just come into view";

const VERDICT_TEXTS = { right: "right", "not-a-digit": "not a digit", unsure: "unsure" };

class Visit extends EventTarget {
  constructor() {
    super();
    this.rows = [];
    this.shownRevision = -1;
    this.cursor = -1; // item in view
    this.stayed = false; // the item in view has its verdict, and no other one waits for one
    this.reading = false; // pictures are on their way
    this.acted = false; // the person has judged or moved since the last pictures were chosen
    this.arrivedId = -1;
    this.jumpedAt = -Infinity;
    this.pauseUntil = -Infinity;
    this.refusedKeys = 0;
    this.note = ""; // why the last key or click was refused
    this.drafts = new Map(); // comments that are typed and not sent, by item
    this.commenting = false; // the comment field has the focus
    this.rejections = new Map(); // why the kernel rejected the last command, by item
    this.steps = []; // the person's commands that an undo takes back, oldest first
  }

  /** Use the grid's model, which carries rows, commands and answers. */
  attach(model) {
    this.model = model;
    this.queue = new CommandQueue((content) => model.send(content));
    model.on("change", () => this.update());
    model.on("msg:custom", (content) => content.type === "answer" && this.receive(content));
    this.update();
  }

  changed() {
    const count = this.savingCount;
    if (count) document.body.dataset.unsavedVerdicts = count;
    else delete document.body.dataset.unsavedVerdicts;
    this.dispatchEvent(new Event("change"));
  }

  /** Apply the last change of the rows; request all rows when a change was missed. */
  update() {
    const { model } = this;
    const { revision, rows } = model.get("changes");
    const show = (row) => (this.rows[row.id] = { ...this.rows[row.id], ...row });
    if ((model.get("revision") ?? -1) > this.shownRevision) {
      model.get("rows").forEach(show);
      this.shownRevision = model.get("revision");
    }
    if (revision === this.shownRevision + 1) {
      rows.forEach(show);
      this.shownRevision = revision;
    } else if (revision > this.shownRevision) model.send({ type: "get-rows" });
    this.showArrival(model.get("arrived_id"));
    this.changed();
  }

  /** Bring the first picture of a new batch into view, or the next one that has been read. */
  showArrival(arrivedId) {
    if (this.commenting || !this.rows[arrivedId]) return; // the rest of a comment stays with its picture
    const isNew = arrivedId !== this.arrivedId;
    this.arrivedId = arrivedId;
    const isBusy = this.acted && this.isWaiting(this.cursor);
    const next = isNew && !isBusy ? arrivedId : this.stayed || this.cursor < 0 ? this.nextWaiting() : this.cursor;
    if (this.cursor < 0 && next === undefined) Object.assign(this, { cursor: arrivedId, stayed: true });
    if (next === this.cursor || !this.isWaiting(next)) return;
    if (this.isWaiting(this.cursor)) this.jumpedAt = performance.now();
    this.cursor = next;
    this.stayed = false;
    this.note = "";
  }

  /** A row as the person should see it: with the verdict that is on its way to the kernel. */
  row(id) {
    const row = this.rows[id];
    if (!row) return undefined;
    const effect = this.queue.waiting.findLast(({ effects }) => effects.has(id))?.effects.get(id);
    return { ...row, ...effect, saving: Boolean(effect), rejection: effect ? "" : this.rejections.get(id) ?? "" };
  }

  get current() {
    return this.row(this.cursor);
  }

  get allRows() {
    return this.rows.map((_, id) => this.row(id));
  }

  /** The items that the grid shows: all but those whose place the digits of their picture took. */
  get shownIds() {
    return this.allRows.filter(({ state }) => state !== "replaced").map(({ id }) => id);
  }

  /** Number of items whose last verdict the kernel has not answered. */
  get savingCount() {
    return this.allRows.filter(({ saving, state }) => saving && state !== "replaced").length;
  }

  isWaiting(id) {
    return this.row(id)?.state === "pending";
  }

  /** The next item without a verdict, from the item in view on and around; else undefined. */
  nextWaiting() {
    const count = this.rows.length;
    return Array.from({ length: count }, (_, step) => (this.cursor + 1 + step) % count).find((id) => this.isWaiting(id));
  }

  /** The next rows without a verdict, at most `count`. */
  following(count) {
    return [...this.allRows.slice(this.cursor + 1), ...this.allRows.slice(0, Math.max(this.cursor, 0))]
      .filter(({ state }) => state === "pending").slice(0, count);
  }

  moveOn() {
    const next = this.nextWaiting();
    this.stayed = next === undefined;
    if (!this.stayed) this.cursor = next;
  }

  /** Show an item because the person chose it. */
  select(id) {
    if (!this.rows[id]) return;
    this.saveComment();
    Object.assign(this, { cursor: id, stayed: false, acted: true, note: "" });
    this.changed();
  }

  setReading(reading) {
    this.reading = reading;
    this.changed();
  }

  /** Note that the person has chosen new pictures. */
  expectArrival() {
    this.acted = false;
  }

  /** Whether a verdict would miss the picture that the person means; then a note says why. */
  refuses(isKey) {
    const now = performance.now();
    const reason =
      now < this.jumpedAt + JUMP_MS ? JUMPED
      : this.stayed && this.reading ? READING
      : isKey && this.stayed && this.shownIds.length > 1 ? ALL_JUDGED
      : isKey && now < this.pauseUntil ? this.refusal
      : "";
    if (!reason) {
      this.refusedKeys = 0;
      return false;
    }
    this.refusal = reason;
    if (isKey) {
      this.pauseUntil = now + PAUSE_MS;
      this.refusedKeys += 1;
    }
    const unused = this.refusedKeys > 1 ? `${this.refusedKeys} keys were not used` : "this was not used";
    this.note = `${reason}; ${unused}.`;
    this.changed();
    return true;
  }

  /** Send a verdict on the item in view and show the next one that has none. */
  judge(verdict, label, isKey) {
    const row = this.current;
    if (!row || ["unreadable", "replaced"].includes(row.state) || this.refuses(isKey)) return;
    const isPredicted = row.predicted === String(label);
    const state = verdict === "label" ? (isPredicted ? "right" : "wrong") : verdict;
    const draft = this.draft(row.id);
    const effect = { state, label: state === "wrong" ? String(label) : "", comment: draft || row.comment };
    const repeats = Object.keys(effect).every((name) => effect[name] === row[name]);
    const { id: item_id, revision } = row;
    const content = { type: verdict === "label" ? "label" : "verdict", item_id, revision, comment: effect.comment };
    this.drafts.delete(item_id);
    this.add({ ...content, ...(verdict === "label" ? { label } : { verdict }) }, [[item_id, effect]], { draft, repeats });
    this.moveOn();
    this.changed();
  }

  /** Judge the digit in view as right: it is what the person sees, also if the kernel has changed
   * its prediction meanwhile. */
  judgeAsRight(isKey) {
    const row = this.current;
    if (row?.predicted) this.judge("label", Number(row.predicted), isKey);
  }

  /** Items that the button for all others confirms. */
  get confirmable() {
    return this.allRows.filter(({ state, predicted, rejection }) => state === "pending" && predicted && !rejection);
  }

  confirmAll() {
    const rows = this.confirmable;
    if (!rows.length) return;
    const items = rows.map(({ id, revision }) => [id, revision, this.draft(id)]);
    const effects = items.map(([id, , comment]) => [id, { state: "right", label: "", comment }]);
    for (const { id } of rows) this.drafts.delete(id);
    this.add({ type: "confirm", items }, effects);
    if (!this.isWaiting(this.cursor)) this.moveOn();
    this.changed();
  }

  /** Read all digits of the picture in view; they take the place of the one. */
  readAll() {
    const row = this.current;
    if (!severalOffer(row)) return;
    this.drafts.delete(row.id);
    this.queue.add({ type: "read-all", item_id: row.id }, new Map([[row.id, { state: "replaced" }]]));
    Object.assign(this, { acted: false, note: "" }); // the first digit will come into view
    this.changed();
  }

  draft(id) {
    return (this.drafts.get(id) ?? "").trim();
  }

  setDraft(text) {
    this.drafts.set(this.cursor, text);
  }

  /** Send the comment that was typed for the item in view after its verdict. */
  saveComment() {
    const row = this.current;
    const draft = row ? this.draft(row.id) : "";
    if (!draft || ["pending", "unreadable", "replaced"].includes(row.state)) return;
    this.drafts.delete(row.id);
    const { id: item_id, state, label } = row;
    if (draft !== row.comment)
      this.add({ type: "comment", item_id, comment: draft }, [[item_id, { state, label, comment: draft }]], { draft });
    this.changed();
  }

  get canUndo() {
    return this.steps.some(({ repeats }) => !repeats) ||
      Boolean(this.model?.get("can_undo") && !this.queue.waiting.length);
  }

  /** Take the person's last command back, whether the kernel has carried it out or not. */
  undo(isKey) {
    if (!this.canUndo) return;
    if (isKey && performance.now() < this.pauseUntil) { // means a key that was refused
      this.refuses(isKey);
      return;
    }
    let step;
    do step = this.steps.pop();
    while (step?.repeats);
    this.queueUndo(step);
    if (step) {
      const [[id]] = step.before;
      Object.assign(this, { cursor: id, stayed: false });
      if (step.draft && !this.draft(id)) this.drafts.set(id, step.draft);
    }
    Object.assign(this, { acted: true, note: "" });
    this.changed();
  }

  queueUndo(step) {
    this.queue.add({ type: "undo", target: step?.seq ?? null }, new Map(step?.before ?? []));
  }

  /** Queue a command; `effects` are pairs of an item and the values that its row will have. */
  add(content, effects, { draft = "", repeats = false } = {}) {
    const before = effects.map(([id]) => {
      const { state, label, comment } = this.row(id);
      return [id, { state, label, comment }];
    });
    const seq = this.queue.add(content, new Map(effects), draft);
    this.steps.push({ seq, before, draft, repeats });
    Object.assign(this, { acted: true, note: "" });
    this.dispatchEvent(new Event("command"));
  }

  /** Apply the kernel's answer; the rows that the commands changed came before it. */
  receive({ client, done, missing, rejected, revision }) {
    if (client !== this.queue.clientId) return; // another browser's page on the same kernel
    for (const { seq, command, effects, draft } of this.queue.take(done)) {
      for (const id of effects.keys()) this.rejections.delete(id);
      for (const [, id, reason] of rejected.filter(([number]) => number === seq)) {
        const what = { undo: "Not taken back", "read-all": "Not read" }[command.type] ?? "Not saved";
        this.rejections.set(id, `${what}: ${reason}`);
        if (draft && !this.draft(id)) this.drafts.set(id, draft);
      }
    }
    if (missing) this.queue.resend();
    if (this.stayed && this.nextWaiting() !== undefined) { // a rejected one, and nothing else is left
      if (!this.isWaiting(this.cursor)) Object.assign(this, { cursor: this.nextWaiting(), jumpedAt: performance.now() });
      this.stayed = false;
    }
    if (revision > this.shownRevision) this.model.send({ type: "get-rows" });
    this.changed();
  }
}

/** The verdict of a row in words; it says when the kernel has not confirmed it. */
const verdictText = ({ saving, rejection, state, label, verdict_text }) =>
  !saving ? [verdict_text, rejection].filter(Boolean).join(". ")
  : state === "pending" ? "taking your verdict back"
  : `saving your verdict: ${label || VERDICT_TEXTS[state]}`;

/** The question whether to read all digits of a picture that was read as one; empty for others. */
const severalOffer = (row) =>
  row?.state === "pending" && row.several_text ? `${row.several_text}: read them all?` : "";

/** The visit to which a view's model belongs. */
const visitOf = (model) => {
  const visits = (globalThis[Symbol.for("digitlab.visits")] ??= new Map());
  const id = model.get("visit_id");
  if (!visits.has(id)) visits.set(id, new Visit());
  return visits.get(id);
};
