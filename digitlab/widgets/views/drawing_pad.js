// The drawing pad: a drawing stays in the browser until the person has it read.

const PEN_WIDTH = 0.075; // as a share of the pad's side
const DRAWING_SIDE_PX = 336; // of the drawing that is sent

/** Ink on a canvas. Strokes are stored as points between 0 and 1, so they fit any size. */
class Pad {
  constructor(canvas, onChange) {
    this.canvas = canvas;
    this.onChange = onChange;
    this.strokes = [];
    this.previousStrokes = []; // of the drawing before, for undo
    this.sent = false;
    canvas.addEventListener("pointerdown", (event) => this.penDown(event));
    canvas.addEventListener("pointermove", (event) => this.penMove(event));
    for (const type of ["pointerup", "pointercancel"])
      canvas.addEventListener(type, (event) => this.penUp(event));
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(canvas);
  }

  penDown(event) {
    if (this.pointer !== undefined || event.button !== 0) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.pointer = event.pointerId;
    if (this.sent) this.clear();
    this.strokes.push([this.point(event)]);
    this.paint();
  }

  penMove(event) {
    if (event.pointerId !== this.pointer) return;
    const coalesced = event.getCoalescedEvents?.() ?? [];
    for (const move of coalesced.length ? coalesced : [event])
      this.strokes.at(-1).push(this.point(move));
    this.paint();
  }

  penUp(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = undefined;
    this.onChange();
  }

  point(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  }

  /** Start an empty drawing; undo restores the drawing before. */
  clear() {
    if (this.strokes.length) this.previousStrokes = this.strokes;
    this.strokes = [];
    this.sent = false;
    this.paint();
    this.onChange();
  }

  undo() {
    if (this.strokes.length) this.strokes = this.strokes.slice(0, -1);
    else [this.strokes, this.previousStrokes] = [this.previousStrokes, []];
    this.sent = false;
    this.paint();
    this.onChange();
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
    this.drawStrokes(this.canvas, ink);
  }

  drawStrokes(canvas, ink) {
    const pen = canvas.getContext("2d");
    const side = canvas.width;
    pen.strokeStyle = ink;
    pen.lineWidth = PEN_WIDTH * side;
    pen.lineCap = pen.lineJoin = "round";
    for (const stroke of this.strokes) {
      pen.beginPath();
      for (const [x, y] of stroke) pen.lineTo(x * side, y * side);
      if (stroke.length === 1) pen.lineTo(stroke[0][0] * side + 0.01, stroke[0][1] * side); // a dot
      pen.stroke();
    }
  }

  /** The drawing as a PNG, black ink on white paper. */
  toPng() {
    const sheet = make("canvas", { width: DRAWING_SIDE_PX, height: DRAWING_SIDE_PX });
    const pen = sheet.getContext("2d");
    pen.fillStyle = "white";
    pen.fillRect(0, 0, DRAWING_SIDE_PX, DRAWING_SIDE_PX);
    this.drawStrokes(sheet, "black");
    this.sent = true;
    return new Promise((resolve) => sheet.toBlob(resolve, "image/png"));
  }
}

/** The drawing pad with its buttons. */
function drawBox(el, send, listening) {
  const canvas = make("canvas", {
    "data-testid": "draw-pad", role: "img", width: 1, height: 1,
    "aria-label": "Drawing pad: draw a digit with mouse, pen or finger",
  });
  const button = (text, testid, className) =>
    make("button", { type: "button", className, disabled: true, "data-testid": testid }, text);
  const undo = button("Undo stroke", "draw-undo", "dl-quiet");
  const clear = button("Clear", "draw-clear", "dl-quiet");
  const read = button("Read it", "draw-read", "dl-button dl-primary");
  const hint = make("p", { className: "dl-pad-hint", "aria-hidden": "true" }, "or draw a digit here");
  const pad = new Pad(canvas, () => {
    clear.disabled = read.disabled = !pad.strokes.length;
    undo.disabled = !pad.strokes.length && !pad.previousStrokes.length;
  });
  canvas.addEventListener("pointerdown", () => (hint.hidden = true));
  let drawingCount = 0;
  onClick(el, undo, () => pad.undo());
  onClick(el, clear, () => {
    pad.clear();
    hint.hidden = false;
  });
  onClick(el, read, async () => {
    drawingCount += 1;
    const blob = await pad.toPng();
    send([new File([blob], `drawing ${drawingCount}.png`, { type: "image/png" })]);
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", () => pad.paint(), { signal: listening.signal });
  listening.signal.addEventListener("abort", () => pad.observer.disconnect());
  return make("div", { className: "dl-draw" },
    make("div", { className: "dl-pad" }, canvas, hint),
    make("div", { className: "dl-tools" }, undo, clear, read));
}
