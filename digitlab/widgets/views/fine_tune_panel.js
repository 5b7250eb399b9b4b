// The fine-tune: a button that starts one, and the run, whichever page or process started it. All
// text is set as text.

/** Signs beside the outcome, because its colour alone must not tell it. */
const OUTCOME_PATHS = {
  promoted: "M5 10.5l3.5 3.5 6.5-8",
  rejected: "M5.5 8h9M5.5 12h9",
  "nothing-new": "M10 10h.01M5.5 10h.01M14.5 10h.01",
  cancelled: "M6.5 6.5h7v7h-7z",
  failed: "M10 5v6M10 14.5h.01",
};

const CODES_KEY = "digitlab.own-verdicts";
const MAX_CODES = 1000;

/** The codes of the verdicts that this browser gave, by number; empty where it forbids storage. */
const storedCodes = () => {
  try {
    return JSON.parse(localStorage.getItem(CODES_KEY)) ?? {};
  } catch {
    return {};
  }
};

const storeCodes = (codes) => {
  const all = Object.entries({ ...storedCodes(), ...codes });
  try {
    localStorage.setItem(CODES_KEY, JSON.stringify(Object.fromEntries(all.slice(-MAX_CODES))));
  } catch {
    // the next visit does not show the pictures of this one
  }
};

const CURVE_TRAITS = ["points", "steps", "curve_text", "last_loss", "last_accuracy"];

function render({ model, el }) {
  const button = (testid, className, text) =>
    make("button", { type: "button", className, "data-testid": testid }, text);
  const start = button("fine-tune", "dl-button dl-start", "Fine-tune now");
  const cancel = button("fine-tune-cancel", "dl-button dl-cancel", "Cancel");
  const outcomePath = makeSvg("path");
  const outcomeMark = makeSvg("svg", { class: "dl-outcome-mark", viewBox: "0 0 20 20", "aria-hidden": "true" }, outcomePath);
  const status = make("p", { className: "dl-status", role: "status", "data-testid": "fine-tune-says" });
  const notice = make("p", { className: "dl-notice", role: "status" });
  const bar = make("progress", { max: 1, "aria-label": "Progress of the fine-tune", "data-testid": "fine-tune-bar" });
  const timeLeft = make("span", { "data-testid": "fine-tune-left" });
  const origin = make("span");
  const runDetails = make("p", { className: "dl-run-details" }, origin, timeLeft);
  const state = make("div", { className: "dl-run" }, outcomeMark, status, notice, runDetails, bar);
  const curve = makeCurve();
  const gallery = makeGallery();
  const reasonList = make("ul", { "data-testid": "fine-tune-reasons" });
  const why = make("details", {}, make("summary", {}, "Why"), reasonList);

  onClick(el, start, () => model.send({ type: "start" }));
  onClick(el, cancel, () => model.send({ type: "cancel", run: model.get("active_run") }));

  const timeText = () => {
    const time = new Date(model.get("time") * 1000);
    const today = time.toDateString() === new Date().toDateString();
    return time.toLocaleString([], today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
  };
  const show = () => {
    const running = model.get("active_run") !== "";
    const requested = model.get("requested");
    const outcome = running || requested ? "" : model.get("outcome");
    const hadFocus = [start, cancel].includes(document.activeElement);
    el.dataset.state = running || requested ? "running" : outcome;
    start.hidden = running;
    start.setAttribute("aria-disabled", String(requested));
    cancel.hidden = !running;
    cancel.setAttribute("aria-disabled", String(model.get("cancelling")));
    if (hadFocus) (running ? cancel : start).focus();
    outcomePath.setAttribute("d", OUTCOME_PATHS[outcome] ?? "");
    outcomeMark.toggleAttribute("hidden", !(outcome in OUTCOME_PATHS));
    status.textContent = model.get("status");
    notice.textContent = model.get("notice");
    bar.hidden = !running && !requested;
    bar.value = model.get("progress");
    timeLeft.textContent = model.get("time_left");
    const trigger = model.get("trigger");
    origin.textContent = trigger && (running ? `Started ${timeText()} ${trigger}` : `Ended ${timeText()}, started ${trigger}`);
    curve.element.hidden = bar.hidden && model.get("points").length === 0;
    gallery.element.hidden = !bar.hidden || model.get("groups").length === 0;
  };
  const showCurve = () =>
    curve.show(Object.fromEntries(CURVE_TRAITS.map((name) => [name, model.get(name)])));
  const showGroups = () => gallery.show(model.get("groups"));
  const showReasons = () => {
    const reasons = model.get("reasons");
    why.hidden = reasons.length === 0;
    reasonList.replaceChildren(...reasons.map((reason) => make("li", {}, reason)));
  };
  const handlers = [
    ["change", show],
    ["change:points", showCurve],
    ["change:steps", showCurve],
    ["change:groups", showGroups],
    ["change:reasons", showReasons],
  ];
  for (const [event, handler] of handlers) model.on(event, handler);

  el.classList.add("dl-fine-tune");
  el.append(
    make("div", { className: "dl-intro" },
      make("h2", {}, "Learn from corrections"),
      make("p", {}, "A fine-tune trains a new version on the corrections. It takes over only if it proves better.")),
    start, cancel, state, curve.element, gallery.element, why);
  for (const [, handler] of handlers) handler();
  const receive = ({ type, codes }) => {
    if (type === "own-verdicts") storeCodes(codes);
  };
  model.on("msg:custom", receive);
  model.send({ type: "own-verdicts", codes: storedCodes() });
  model.send({ type: "ready" });
  return () => {
    model.off("msg:custom", receive);
    for (const [event, handler] of handlers) model.off(event, handler);
  };
}

export default { render };
