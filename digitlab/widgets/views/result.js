// The prediction of the item in view, large. The kernel renders it; until it is here the browser
// shows the item's cell, large, and never the picture of another item.

const AHEAD = 4; // items after the one in view that are requested with it
const MAX_STORED = 60; // renderings that the browser keeps
const REQUEST_MS = 5000; // after which a request counts as lost

const EMPTY_TEXTS = [
  "Show me a handwritten digit.",
  "A photograph, a scan or a drawing: I tell which digit it is, how sure I am and what I looked at.",
];

/** The cell of a row, large: what the browser knows before the kernel has sent the picture. */
function placeholder({ name, thumbnail, predicted, prediction_text }) {
  const digit = make(predicted ? "span" : "p", {
    className: predicted ? "dl-digit" : "dl-none", "data-testid": "prediction-digit",
  }, predicted || "I see no digit here");
  const texts = [
    make("p", { className: "dl-sure" }, prediction_text.replace(/^[^,;]*[,;] /, "")),
    make("p", { className: "dl-name" }, name),
  ];
  const answer = predicted
    ? make("div", { className: "dl-answer" }, digit, make("div", {}, ...texts))
    : make("div", { className: "dl-answer dl-refused" }, make("div", {}, digit, ...texts));
  const seen = make("figure", { className: "dl-seen" },
    make("img", { className: "dl-pixels", src: thumbnail, alt: "What the model saw: the digit in 28 by 28 pixels" }),
    make("figcaption", {}, "what it saw"));
  const picture = make("figure", { className: "dl-picture" },
    make("div", { className: "dl-coming" }), make("figcaption", {}, "your picture is on its way"));
  return make("div", { className: "dl-prediction" }, make("div", { className: "dl-sheet" }, answer, picture, seen));
}

/** Whether a row has a prediction, or had one until the kernel answers. */
const hasPrediction = ({ state, saving }) => state !== "unreadable" && (state !== "replaced" || saving);

const emptyText = (...texts) => make("div", { className: "dl-empty" }, ...texts.map((text) => make("p", {}, text)));

function render({ model, el }) {
  const visit = visitOf(model);
  const stored = new Map(); // renderings by item, the last received one at the end
  const content = make("div", { className: "dl-result-content" });
  const severalText = make("p");
  const readAll = make("button", { type: "button", className: "dl-button", "data-testid": "read-all" }, "Read all digits");
  const several = make("div", { className: "dl-several", "data-testid": "several", hidden: true }, severalText, readAll);
  let timer; // one request at a time: items that the person passes are not fetched

  const rendering = ({ id, revision }) => {
    const found = stored.get(id);
    return found?.revision === revision ? found : undefined;
  };
  const request = () => {
    if (timer || !visit.current) return;
    const wanted = [visit.current, ...visit.following(AHEAD)].filter((row) => hasPrediction(row) && !rendering(row));
    if (!wanted.length) return;
    timer = setTimeout(finishRequest, REQUEST_MS);
    if (isConnected()) model.send({ type: "get", item_ids: wanted.map(({ id }) => id) });
  };
  const finishRequest = () => {
    clearTimeout(timer);
    timer = undefined;
    request();
  };
  const receive = ({ type, results }) => {
    if (type !== "results") return;
    for (const { item_id, revision, html } of results) {
      const template = document.createElement("template");
      template.innerHTML = html; // the kernel's, which escapes all text from outside
      stored.delete(item_id);
      const parts = [...template.content.children].filter(({ tagName }) => tagName !== "STYLE");
      stored.set(item_id, { revision, element: parts.length ? make("div", {}, ...parts) : undefined });
    }
    while (stored.size > MAX_STORED) stored.delete(stored.keys().next().value);
    finishRequest();
    show();
  };

  /** Offer to read all digits of a picture that looks like several. */
  const showSeveral = (row) => {
    const offered = severalOffer(row);
    const isReading = row?.state === "replaced" && row.saving;
    const text = offered || (isReading ? "Reading all digits…" : "");
    if (!offered && readAll === document.activeElement) releaseFocus(el); // keeps the keys working
    several.hidden = !text;
    readAll.hidden = !offered;
    if (severalText.textContent !== text) severalText.textContent = text;
  };
  onClick(el, readAll, () => visit.readAll());

  let shown; // what `content` shows
  const show = () => {
    const row = visit.current;
    showSeveral(row);
    const key = row && [row.id, row.revision, Boolean(rendering(row)), hasPrediction(row)].join();
    request();
    if (key === shown && content.hasChildNodes()) return;
    shown = key;
    el.dataset.item = row?.id ?? "";
    content.replaceChildren(
      !row ? emptyText(...EMPTY_TEXTS)
      : !hasPrediction(row) ? emptyText(row.name, row.prediction_text)
      : rendering(row)?.element ?? placeholder(row));
  };
  const listening = new AbortController();
  visit.addEventListener("change", show, { signal: listening.signal });
  model.on("msg:custom", receive);
  listening.signal.addEventListener("abort", () => {
    clearTimeout(timer);
    model.off("msg:custom", receive);
  });
  el.append(several, content);
  show();
  model.send({ type: "ready" });
  return () => listening.abort();
}

export default { render };
