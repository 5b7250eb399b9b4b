// Uploads: files go to the kernel as custom messages, one chunk at a time.

const SLOW = 300; // milliseconds after which an upload shows its progress

/** Sends files one after the other; `show(text, share)` hears how far it is, `show()` the end. */
class Sender {
  constructor(model, show) {
    this.model = model;
    this.show = show;
    this.queue = [];
    this.running = false;
    this.hear = (message) => {
      if (message.type === "ack" && message.upload === this.upload) this.answer?.(message.more);
    };
    model.on("msg:custom", this.hear);
  }

  /** Add a batch; its first picture comes into view. */
  send(files) {
    [...files].forEach((file, at) => this.queue.push({ file, first: at === 0, stopped: false }));
    this.total = this.queue.length + (this.running ? 1 : 0);
    this.done = 0;
    if (!this.running) this.run();
  }

  stop() {
    this.queue = [];
    if (this.job) this.job.stopped = true;
    this.show();
    this.answer?.(false);
  }

  close() {
    this.stop();
    this.model.off("msg:custom", this.hear);
  }

  async run() {
    this.running = true;
    this.quick = true;
    const late = setTimeout(() => {
      this.quick = false;
      this.tell();
    }, SLOW);
    while (this.queue.length) {
      this.job = this.queue.shift();
      await this.sendJob(this.job);
      this.done += 1;
    }
    clearTimeout(late);
    this.job = undefined;
    this.running = false;
    this.show();
  }

  async sendJob(job) {
    const limit = this.model.get("max_bytes");
    this.tell("Preparing", 0);
    const file = await this.prepared(job);
    if (this.queue.length) this.prepared(this.queue[0]); // the next one, while this one travels
    if (job.stopped) return;
    const { name, size } = file;
    const { first } = job;
    if (size > limit) this.model.send({ type: "too-large", name, size, first });
    else await this.sendFile(file, job);
  }

  /** The file as it travels. Asked for twice, it is made once. */
  prepared(job) {
    job.prepared ??= reduced(job.file, this.model.get("max_side"));
    return job.prepared;
  }

  async sendFile(file, job) {
    const { name, size } = file;
    const { first } = job;
    const upload = `${Date.now()}-${Math.random()}`;
    const step = this.model.get("chunk_bytes");
    this.upload = upload;
    let offset = 0;
    const tell = () => this.tell(offset < size ? "Sending" : "Reading", size ? offset / size : 1);
    tell();
    let more = true;
    while (more) {
      let chunk;
      try {
        chunk = await file.slice(offset, offset + step).arrayBuffer();
      } catch {
        this.model.send({ type: "unreadable", name, first });
        break;
      }
      if (job.stopped) break; // clicked while the browser read the file
      const answered = new Promise((resolve) => (this.answer = resolve));
      this.model.send({ type: "chunk", upload, name, size, offset, first }, undefined, [chunk]);
      offset += chunk.byteLength;
      tell();
      more = await answered;
    }
    if (job.stopped) this.model.send({ type: "stop", upload });
  }

  /** Say how far the job in hand is, unless the batch is quick. */
  tell(doing = this.doing, share = this.share) {
    Object.assign(this, { doing, share });
    if (this.quick || !this.job || this.job.stopped) return;
    const which = this.total > 1 ? `${this.done + 1} of ${this.total}: ` : "";
    this.show(`${doing} ${which}${this.job.file.name}`, share);
  }
}
