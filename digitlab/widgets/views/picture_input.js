// Where pictures come in. Whatever the way, they leave through one `send(files)`.

/** A file input that looks like a button. */
function fileButton(text, kind, properties, el, send) {
  const chooser = make("input", { type: "file", ...properties });
  chooser.addEventListener("change", () => {
    send([...chooser.files]);
    chooser.value = ""; // so that the same file can be chosen again
    rest(el);
  });
  return make("label", { className: kind }, chooser, text);
}

/** Where all ways lead: `send(files)`, `tell(sentence)`, and the line that says how it goes. */
function inbox(model, listening) {
  const hint = make("p", { className: "dl-hint" },
    make("span", { className: "dl-wide" }, "or drop or paste them on this page"),
    make("span", { className: "dl-narrow" }, "photographs, scans, screenshots"));
  const note = make("p", { className: "dl-note", role: "status", "data-testid": "input-says" });
  const text = make("span");
  const bar = make("progress", { max: 1, "aria-label": "Upload" });
  const stop = make("button", { type: "button", className: "dl-quiet" }, "Stop");
  const progress = make("div", { className: "dl-progress", hidden: true, role: "status" },
    text, bar, stop);
  const show = () => (hint.hidden = !progress.hidden || note.textContent !== "");
  const sender = new Sender(model, (what, share) => {
    progress.hidden = what === undefined;
    text.textContent = what ?? "";
    bar.value = share ?? 0;
    show();
  });
  const tell = (sentence) => {
    note.textContent = sentence;
    show();
  };
  const send = (files) => {
    tell("");
    sender.send(files);
  };
  stop.addEventListener("click", () => sender.stop());
  listening.signal.addEventListener("abort", () => sender.close());
  return { send, tell, lines: [hint, note, progress] };
}

/** Files dropped anywhere on the page. */
function acceptDrops(el, send, { signal }) {
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
    if (event.dataTransfer.files.length) send(event.dataTransfer.files);
  });
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
  const { send, tell, lines } = inbox(model, listening);
  const choose = fileButton("Choose pictures", "dl-button dl-primary", {
    accept: "image/*,.heic,.heif", multiple: true,
    "data-testid": "picture-file-input", "aria-label": "Choose pictures of handwritten digits",
  }, el, send);
  const others = make("div", {},
    cameraButton(el, send, tell, listening), ...acceptPastes(el, send, tell, listening));
  const ways = make("div", { className: "dl-ways" }, choose, others);
  acceptDrops(el, send, listening);
  el.classList.add("dl-input");
  el.append(
    make("div", { className: "dl-drop", "data-testid": "drop-zone" }, ways, ...lines),
    severalSwitch(model, el, listening), drawBox(el, send, listening), exampleRow(model, el));
  model.send({ type: "ready" });
  return () => listening.abort();
}

export default { render };
