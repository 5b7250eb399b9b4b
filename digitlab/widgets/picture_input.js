// Where pictures come in. The bytes go to the kernel as custom messages, one chunk at a time.

const PEN = 0.075; // width of the ink, as a share of the pad
const DRAWING = 336; // side of the drawing that is sent, in pixels
const SLOW = 300; // milliseconds after which an upload shows its progress

/** Sends files one after the other; `show(text, share)` hears how far it is, `show()` the end. */
class Sender {
  constructor(model, show) {
    this.model = model;
    this.show = show;
    this.queue = [];
    this.running = false;
    this.answer = undefined;
    this.hear = (message) => {
      if (message.type === "ack" && message.upload === this.upload) this.answer?.(message.more);
    };
    model.on("msg:custom", this.hear);
  }

  /** Add a batch; its first picture comes into view. */
  send(files) {
    const limit = this.model.get("max_bytes");
    [...files].forEach((file, at) => this.queue.push({ file, first: at === 0, limit }));
    this.total = this.queue.length + (this.running ? 1 : 0);
    this.done = 0;
    if (!this.running) this.run();
  }

  stop() {
    this.queue = [];
    this.stopped = true;
    this.answer?.(false);
  }

  close() {
    this.stop();
    this.model.off("msg:custom", this.hear);
  }

  async run() {
    this.running = true;
    const started = Date.now();
    while (this.queue.length) {
      const { file, first, limit } = this.queue.shift();
      const { name, size } = file;
      if (size > limit) this.model.send({ type: "too-large", name, size, first });
      else await this.sendOne(file, first, started);
      this.done += 1;
    }
    this.running = false;
    this.show();
  }

  async sendOne(file, first, started) {
    const { name, size } = file;
    const upload = `${Date.now()}-${Math.random()}`;
    const step = this.model.get("chunk_bytes");
    this.upload = upload;
    this.stopped = false;
    let offset = 0;
    const tell = () => {
      if (Date.now() - started < SLOW) return;
      const which = this.total > 1 ? `${this.done + 1} of ${this.total}: ` : "";
      this.show(`${offset < size ? "Sending" : "Reading"} ${which}${name}`, size ? offset / size : 1);
    };
    const late = setTimeout(tell, SLOW);
    let more = true;
    while (more) {
      let chunk;
      try {
        chunk = await file.slice(offset, offset + step).arrayBuffer();
      } catch {
        this.model.send({ type: "unreadable", name, first });
        break;
      }
      if (this.stopped) break; // clicked while the browser read the file
      const answered = new Promise((resolve) => (this.answer = resolve));
      this.model.send({ type: "chunk", upload, name, size, offset, first }, undefined, [chunk]);
      offset += chunk.byteLength;
      tell();
      more = await answered;
    }
    clearTimeout(late);
    if (this.stopped) this.model.send({ type: "stop", upload });
  }
}

/** Ink on a canvas. Strokes are kept as points between 0 and 1 and drawn anew at any size. */
class Pad {
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.strokes = [];
    this.before = []; // the drawing that was read last, for undo
    this.read = false;
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const end of ["pointerup", "pointercancel"])
      canvas.addEventListener(end, (event) => this.up(event));
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(canvas);
  }

  down(event) {
    if (this.pointer !== undefined || event.button !== 0) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.pointer = event.pointerId;
    if (this.read) this.begin();
    this.strokes.push([this.point(event)]);
    this.paint();
  }

  move(event) {
    if (event.pointerId !== this.pointer) return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length ? all : [event]) this.strokes.at(-1).push(this.point(one));
    this.paint();
  }

  up(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = undefined;
    this.changed();
  }

  point(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  }

  /** A new drawing; undo brings the last one back. */
  begin() {
    if (this.strokes.length) this.before = this.strokes;
    this.strokes = [];
    this.read = false;
    this.paint();
    this.changed();
  }

  undo() {
    if (this.strokes.length) this.strokes = this.strokes.slice(0, -1);
    else [this.strokes, this.before] = [this.before, []];
    this.read = false;
    this.paint();
    this.changed();
  }

  fit() {
    const side = Math.round(this.canvas.clientWidth * (window.devicePixelRatio || 1));
    if (!side || side === this.canvas.width) return;
    this.canvas.width = this.canvas.height = side;
    this.paint();
  }

  paint() {
    const ink = getComputedStyle(this.canvas).color;
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.draw(this.canvas, ink);
  }

  draw(canvas, ink) {
    const pen = canvas.getContext("2d");
    const side = canvas.width;
    pen.strokeStyle = ink;
    pen.lineWidth = PEN * side;
    pen.lineCap = pen.lineJoin = "round";
    for (const stroke of this.strokes) {
      pen.beginPath();
      for (const [x, y] of stroke) pen.lineTo(x * side, y * side);
      if (stroke.length === 1) pen.lineTo(stroke[0][0] * side + 0.01, stroke[0][1] * side); // a dot
      pen.stroke();
    }
  }

  /** Black ink on white paper, as a PNG. */
  picture() {
    const sheet = make("canvas", { width: DRAWING, height: DRAWING });
    const pen = sheet.getContext("2d");
    pen.fillStyle = "white";
    pen.fillRect(0, 0, DRAWING, DRAWING);
    this.draw(sheet, "black");
    this.read = true;
    return new Promise((resolve) => sheet.toBlob(resolve, "image/png"));
  }
}

/** The box where files are dropped or chosen, with the progress of a slow upload. */
function fileBox(model, el, listening) {
  const chooser = make("input", {
    type: "file", accept: "image/*,.heic,.heif", multiple: true,
    "data-testid": "picture-file-input", "aria-label": "Choose pictures of handwritten digits",
  });
  const hint = make("p", { className: "dl-hint" },
    make("span", { className: "dl-wide" }, "or drop them anywhere on this page"),
    make("span", { className: "dl-narrow" }, "photographs, scans, screenshots"));
  const text = make("span");
  const bar = make("progress", { max: 1, "aria-label": "Upload" });
  const stop = make("button", { type: "button", className: "dl-quiet" }, "Stop");
  const progress = make("div", { className: "dl-progress", hidden: true, role: "status" },
    text, bar, stop);
  const sender = new Sender(model, (what, share) => {
    progress.hidden = what === undefined;
    hint.hidden = !progress.hidden;
    text.textContent = what ?? "";
    bar.value = share ?? 0;
  });
  chooser.addEventListener("change", () => {
    sender.send(chooser.files);
    chooser.value = ""; // so that the same file can be chosen again
    rest(el);
  });
  stop.addEventListener("click", () => sender.stop());
  listening.signal.addEventListener("abort", () => sender.close());
  const box = make("div", { className: "dl-drop", "data-testid": "drop-zone" },
    make("label", { className: "dl-button dl-primary" }, chooser, "Choose pictures"), hint, progress);
  return { box, sender };
}

/** Files dropped anywhere on the page. */
function acceptDrops(el, sender, { signal }) {
  let depth = 0; // dragenter and dragleave come for every element on the way
  const mark = (change) => {
    depth = change === 0 ? 0 : Math.max(0, depth + change);
    pageOf(el).classList.toggle("dl-dropping", depth > 0);
  };
  const on = (kind, handle) =>
    document.addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files") || !isOurs(el, event.target)) return;
      event.preventDefault();
      handle(event);
    }, { signal });
  on("dragenter", () => mark(1));
  on("dragleave", () => mark(-1));
  on("dragover", (event) => (event.dataTransfer.dropEffect = "copy"));
  on("drop", (event) => {
    mark(0);
    if (event.dataTransfer.files.length) sender.send(event.dataTransfer.files);
  });
}

/** The drawing pad with its buttons. */
function drawBox(el, sender, listening) {
  const canvas = make("canvas", {
    "data-testid": "draw-pad", role: "img", width: 1, height: 1,
    "aria-label": "Drawing pad: draw a digit with mouse, pen or finger",
  });
  const button = (label, testid, kind) =>
    make("button", { type: "button", className: kind, disabled: true, "data-testid": testid }, label);
  const undo = button("Undo stroke", "draw-undo", "dl-quiet");
  const clear = button("Clear", "draw-clear", "dl-quiet");
  const read = button("Read it", "draw-read", "dl-button dl-primary");
  const hint = make("p", { className: "dl-pad-hint", "aria-hidden": "true" }, "or draw a digit here");
  const pad = new Pad(canvas, () => {
    clear.disabled = read.disabled = !pad.strokes.length;
    undo.disabled = !pad.strokes.length && !pad.before.length;
  });
  canvas.addEventListener("pointerdown", () => (hint.hidden = true));
  let drawings = 0;
  const click = (control, work) =>
    control.addEventListener("click", async (event) => {
      await work();
      if (event.detail) rest(el); // a pointer's click; the keyboard keeps its place
    });
  click(undo, () => pad.undo());
  click(clear, () => {
    pad.begin();
    hint.hidden = false;
  });
  click(read, async () => {
    drawings += 1;
    const blob = await pad.picture();
    sender.send([new File([blob], `drawing ${drawings}.png`, { type: "image/png" })]);
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => pad.paint(), { signal: listening.signal });
  listening.signal.addEventListener("abort", () => pad.observer.disconnect());
  return make("div", { className: "dl-draw" },
    make("div", { className: "dl-pad" }, canvas, hint),
    make("div", { className: "dl-tools" }, undo, clear, read));
}

/** The switch that has every digit of a picture read. */
function severalSwitch(model, el, listening) {
  const control = make("input", { type: "checkbox", role: "switch", "data-testid": "several-digits" });
  const show = () => (control.checked = model.get("several"));
  control.addEventListener("change", () => model.send({ type: "several", on: control.checked }));
  control.addEventListener("click", (event) => {
    if (event.detail) rest(el); // a pointer's click; the keyboard keeps its place
  });
  model.on("change:several", show);
  listening.signal.addEventListener("abort", () => model.off("change:several", show));
  show();
  return make("label", { className: "dl-several" },
    control, make("span", { "aria-hidden": "true" }), "Several digits in one picture");
}

/** The row of pictures to try. */
function exampleRow(model, el) {
  const buttons = model.get("examples").map(({ picture, label }, number) => {
    const button = make("button",
      { type: "button", "aria-label": label, "data-testid": `example-${number}` },
      make("img", { src: picture, alt: "" }));
    button.addEventListener("click", (event) => {
      model.send({ type: "example", number });
      if (event.detail) rest(el);
    });
    return button;
  });
  const row = make("div", { className: "dl-examples", hidden: !buttons.length },
    make("p", {}, "or try one of these"), make("div", {}, ...buttons));
  return row;
}

function render({ model, el }) {
  const listening = new AbortController();
  const { box, sender } = fileBox(model, el, listening);
  acceptDrops(el, sender, listening);
  el.classList.add("dl-input");
  el.append(box, severalSwitch(model, el, listening), drawBox(el, sender, listening), exampleRow(model, el));
  model.send({ type: "ready" });
  return () => listening.abort();
}

export default { render };
