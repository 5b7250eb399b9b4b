// The drawing pad: ink stays in the browser until it is read.

const PEN = 0.075; // width of the ink, as a share of the pad
const DRAWING = 336; // side of the drawing that is sent, in pixels

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

/** The drawing pad with its buttons. */
function drawBox(el, send, listening) {
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
    send([new File([blob], `drawing ${drawings}.png`, { type: "image/png" })]);
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => pad.paint(), { signal: listening.signal });
  listening.signal.addEventListener("abort", () => pad.observer.disconnect());
  return make("div", { className: "dl-draw" },
    make("div", { className: "dl-pad" }, canvas, hint),
    make("div", { className: "dl-tools" }, undo, clear, read));
}
