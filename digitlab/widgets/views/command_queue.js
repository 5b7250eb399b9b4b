// Numbered commands that are sent to the kernel until it has answered them, each exactly once.

const RESEND_MS = 4000; // without an answer; a busy kernel ignores what it gets twice
const RESEND_CHECK_MS = 1000; // also the shortest time between two resends

/** Whether messages can reach the kernel; Jupyter itself keeps them while it knows of a lost
 * connection. True where the page cannot know. */
const isConnected = () =>
  (globalThis.jupyterapp?.widgetManager?.kernel?.connectionStatus ?? "connected") === "connected";

/** Commands without an answer, oldest first. `send(content)` sends a message to the kernel. */
class CommandQueue {
  constructor(send) {
    this.send = send;
    this.clientId = `${Date.now()}-${Math.random()}`;
    this.lastSeq = 0;
    this.waiting = [];
    this.progressAt = 0; // time of the last answer, resend or first command
  }

  /** Add a command and send it; `effects` are the expected values of the rows that it changes. */
  add(content, effects, draft = "") {
    const command = { seq: ++this.lastSeq, ...content };
    if (!this.waiting.length) this.progressAt = Date.now();
    this.waiting.push({ seq: command.seq, command, effects, draft });
    this.sendAll([command]);
    return command.seq;
  }

  /** Remove and return the commands up to the number `done`. */
  take(done) {
    const answered = this.waiting.filter(({ seq }) => seq <= done);
    if (answered.length) this.progressAt = Date.now();
    this.waiting = this.waiting.filter(({ seq }) => seq > done);
    return answered;
  }

  /** Send everything again that has no answer. */
  resend(afterMs = RESEND_CHECK_MS) {
    if (!this.waiting.length || Date.now() - this.progressAt < afterMs) return;
    this.progressAt = Date.now();
    this.sendAll(this.waiting.map(({ command }) => command));
  }

  sendAll(commands) {
    this.send({ type: "commands", client: this.clientId, commands });
    this.timer ??= setInterval(() => this.check(), RESEND_CHECK_MS);
  }

  check() {
    if (!this.waiting.length) {
      clearInterval(this.timer);
      this.timer = undefined;
    } else if (isConnected()) this.resend(RESEND_MS);
  }
}
