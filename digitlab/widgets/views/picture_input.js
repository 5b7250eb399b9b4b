// All ways to give a picture; each ends in `send(files)`.

/** Tell the other views that pictures are "chosen", are on their way ("reading") or are "read". */
const announce = (el, detail) =>
  el.dispatchEvent(new CustomEvent("digitlab-reading", { detail, bubbles: true }));

/** A file input that looks like a button. */
function fileButton(text, className, properties, el, send) {
  const input = make("input", { type: "file", ...properties });
  input.addEventListener("change", () => {
    send([...input.files]);
    input.value = ""; // so that the same file can be chosen again
    releaseFocus(el);
  });
  return make("label", { className }, input, text);
}

/** Make `send(files)`, `showNote(sentence)` and the lines that show the note and the progress. */
function makeUpload(model, el, listening) {
  const hint = make("p", { className: "dl-hint" },
    make("span", { className: "dl-wide" }, "or drop or paste them on this page"),
    make("span", { className: "dl-narrow" }, "photographs, scans, screenshots"));
  const note = make("p", { className: "dl-note", role: "status", "data-testid": "input-says" });
  const progressText = make("span");
  const bar = make("progress", { max: 1, "aria-label": "Upload" });
  const stop = make("button", { type: "button", className: "dl-quiet" }, "Stop");
  const progress = make("div", { className: "dl-progress", hidden: true, role: "status" },
    progressText, bar, stop);
  const showHint = () => (hint.hidden = !progress.hidden || note.textContent !== "");
  const sender = new ChunkSender(model, (text, share) => {
    progress.hidden = text === undefined;
    progressText.textContent = text ?? "";
    bar.value = share ?? 0;
    showHint();
  }, (isRunning) => announce(el, isRunning ? "reading" : "read"));
  const showNote = (sentence) => {
    note.textContent = sentence;
    showHint();
  };
  const send = (files) => {
    showNote("");
    announce(el, "chosen");
    sender.send(files);
  };
  stop.addEventListener("click", () => sender.stop());
  listening.signal.addEventListener("abort", () => sender.close());
  return { send, showNote, lines: [hint, note, progress] };
}

/** Send files that are dropped anywhere on the page. */
function acceptDrops(el, send, { signal }) {
  let depth = 0; // dragenter and dragleave come for every element under the pointer
  const setDepth = (value) => {
    depth = Math.max(0, value);
    pageOf(el).classList.toggle("dl-dropping", depth > 0);
  };
  const on = (type, handle) =>
    document.addEventListener(type, (event) => {
      if (!event.dataTransfer?.types.includes("Files") || !isOnPage(el, event.target)) return;
      event.preventDefault();
      handle(event);
    }, { signal });
  on("dragenter", () => setDepth(depth + 1));
  on("dragleave", () => setDepth(depth - 1));
  on("dragover", (event) => (event.dataTransfer.dropEffect = "copy"));
  on("drop", (event) => {
    setDepth(0);
    if (event.dataTransfer.files.length) send(event.dataTransfer.files);
  });
}

/** The switch that has every digit of a picture read. */
function severalDigitsSwitch(model, el, listening) {
  const control = make("input", { type: "checkbox", role: "switch", "data-testid": "several-digits" });
  const show = () => (control.checked = model.get("several_digits"));
  control.addEventListener("change", () =>
    model.send({ type: "several-digits", on: control.checked }));
  control.addEventListener("click", (event) => releasePointerFocus(el, event));
  model.on("change:several_digits", show);
  listening.signal.addEventListener("abort", () => model.off("change:several_digits", show));
  show();
  return make("label", { className: "dl-several-digits" },
    control, make("span", { "aria-hidden": "true" }), "Several digits in one picture");
}

/** The row of example pictures. */
function exampleRow(model, el) {
  const buttons = model.get("examples").map(({ thumbnail, description }, number) => {
    const button = make("button",
      { type: "button", "aria-label": description, "data-testid": `example-${number}` },
      make("img", { src: thumbnail, alt: "" }));
    onClick(el, button, () => {
      announce(el, "chosen");
      model.send({ type: "example", number });
    });
    return button;
  });
  return make("div", { className: "dl-examples", hidden: !buttons.length },
    make("p", {}, "or try one of these"), make("div", {}, ...buttons));
}

function render({ model, el }) {
  const listening = new AbortController();
  const { send, showNote, lines } = makeUpload(model, el, listening);
  const choose = fileButton("Choose pictures", "dl-button dl-primary", {
    accept: "image/*,.heic,.heif,.avif,.tif,.tiff,.pdf,application/pdf", multiple: true,
    "data-testid": "picture-file-input", "aria-label": "Choose pictures of handwritten digits",
  }, el, send);
  const otherButtons = make("div", {},
    cameraButton(el, send, showNote, listening), ...acceptPastes(el, send, showNote, listening));
  const buttons = make("div", { className: "dl-input-buttons" }, choose, otherButtons);
  acceptDrops(el, send, listening);
  el.classList.add("dl-input");
  el.append(
    make("div", { className: "dl-drop", "data-testid": "drop-zone" }, buttons, ...lines),
    severalDigitsSwitch(model, el, listening), drawBox(el, send, listening), exampleRow(model, el));
  model.send({ type: "ready" });
  return () => listening.abort();
}

export default { render };
