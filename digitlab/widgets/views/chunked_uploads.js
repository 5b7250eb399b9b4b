// Send files to the kernel as custom messages, one chunk at a time.

const PROGRESS_DELAY_MS = 300; // after which a batch shows its progress

/** Sends files one after the other. It calls `showProgress(text, share)` during a batch and
 * `showProgress()` at its end, and `showRunning(isRunning)` at both ends. */
class ChunkSender {
  constructor(model, showProgress, showRunning) {
    this.model = model;
    this.showProgress = showProgress;
    this.showRunning = showRunning;
    this.queue = [];
    this.running = false;
    this.onMessage = ({ type, upload_id, more }) => {
      if (type === "ack" && upload_id === this.uploadId) this.acknowledge?.(more);
    };
    model.on("msg:custom", this.onMessage);
  }

  /** Add a batch; its first readable picture comes into view. */
  send(files) {
    [...files].forEach((file, index) =>
      this.queue.push({ file, firstOfBatch: index === 0, stopped: false }));
    this.total = this.queue.length + (this.running ? 1 : 0);
    this.done = 0;
    if (!this.running) this.run();
  }

  stop() {
    this.queue = [];
    if (this.job) this.job.stopped = true;
    this.showProgress();
    this.acknowledge?.(false);
  }

  close() {
    this.stop();
    this.model.off("msg:custom", this.onMessage);
  }

  async run() {
    this.running = true;
    this.showRunning(true);
    this.progressHidden = true;
    const timer = setTimeout(() => {
      this.progressHidden = false;
      this.updateProgress();
    }, PROGRESS_DELAY_MS);
    while (this.queue.length) {
      this.job = this.queue.shift();
      await this.sendJob(this.job);
      this.done += 1;
    }
    clearTimeout(timer);
    this.job = undefined;
    this.running = false;
    this.showRunning(false);
    this.showProgress();
  }

  async sendJob(job) {
    this.updateProgress("Preparing", 0);
    const file = await this.prepare(job);
    if (this.queue.length) this.prepare(this.queue[0]); // reduced while this file is sent
    if (job.stopped) return;
    const { name, size } = file;
    if (size > this.model.get("max_bytes"))
      this.model.send({ type: "too-large", name, size, first_of_batch: job.firstOfBatch });
    else await this.sendFile(file, job);
  }

  /** The reduced file of a job; a second call returns the same promise. */
  prepare(job) {
    job.prepared ??= reducePicture(job.file, this.model.get("max_side"));
    return job.prepared;
  }

  async sendFile(file, job) {
    const { name, size } = file;
    const first_of_batch = job.firstOfBatch;
    const upload_id = `${Date.now()}-${Math.random()}`;
    const chunkBytes = this.model.get("chunk_bytes");
    this.uploadId = upload_id;
    let offset = 0;
    const update = () =>
      this.updateProgress(offset < size ? "Sending" : "Reading", size ? offset / size : 1);
    update();
    let more = true;
    while (more) {
      let chunk;
      try {
        chunk = await file.slice(offset, offset + chunkBytes).arrayBuffer();
      } catch {
        this.model.send({ type: "unreadable", name, first_of_batch });
        break;
      }
      if (job.stopped) break; // while the browser read the file
      const acknowledged = new Promise((resolve) => (this.acknowledge = resolve));
      this.model.send({ type: "chunk", upload_id, name, size, offset, first_of_batch }, undefined, [chunk]);
      offset += chunk.byteLength;
      update();
      more = await acknowledged;
    }
    if (job.stopped) this.model.send({ type: "stop", upload_id });
  }

  /** Show the progress of the current job, unless the batch is quick. */
  updateProgress(activity = this.activity, share = this.share) {
    Object.assign(this, { activity, share });
    if (this.progressHidden || !this.job || this.job.stopped) return;
    const position = this.total > 1 ? `${this.done + 1} of ${this.total}: ` : "";
    this.showProgress(`${activity} ${position}${this.job.file.name}`, share);
  }
}
