// The fine-tune: asked for here, shown wherever it was asked for. All text is set as text.

/** What stands beside the outcome: its colour alone would not tell. */
const MARKS = {
  promoted: "M5 10.5l3.5 3.5 6.5-8",
  rejected: "M5.5 8h9M5.5 12h9",
  "nothing-new": "M10 10h.01M5.5 10h.01M14.5 10h.01",
  cancelled: "M6.5 6.5h7v7h-7z",
  failed: "M10 5v6M10 14.5h.01",
};

function render({ model, el }) {
  const button = (testid, className, text) =>
    make("button", { type: "button", className, "data-testid": testid }, text);
  const start = button("fine-tune", "dl-button dl-start", "Fine-tune now");
  const cancel = button("fine-tune-cancel", "dl-button dl-cancel", "Cancel");
  const sign = drawn("path");
  const mark = drawn("svg", { class: "dl-sign", viewBox: "0 0 20 20", "aria-hidden": "true" }, sign);
  const says = make("p", { className: "dl-says", role: "status", "data-testid": "fine-tune-says" });
  const told = make("p", { className: "dl-told", role: "status" });
  const bar = make("progress", { max: 1, "aria-label": "Progress of the fine-tune", "data-testid": "fine-tune-bar" });
  const left = make("span", { "data-testid": "fine-tune-left" });
  const origin = make("span");
  const foot = make("p", { className: "dl-foot" }, origin, left);
  const state = make("div", { className: "dl-state" }, mark, says, told, foot, bar);
  const curve = makeCurve();
  const gallery = makeGallery();
  const list = make("ul", { "data-testid": "fine-tune-reasons" });
  const why = make("details", {}, make("summary", {}, "Why"), list);

  const click = (control, work) =>
    control.addEventListener("click", (event) => {
      work();
      if (event.detail) rest(el); // a pointer's click; the keyboard keeps its place
    });
  click(start, () => model.send({ type: "start" }));
  click(cancel, () => model.send({ type: "cancel", run: model.get("running") }));

  const time = () => {
    const at = new Date(model.get("at") * 1000);
    const today = at.toDateString() === new Date().toDateString();
    return at.toLocaleString([], today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
  };
  const show = () => {
    const running = model.get("running") !== "";
    const asked = model.get("asked");
    const outcome = running || asked ? "" : model.get("outcome");
    const held = [start, cancel].includes(document.activeElement);
    el.dataset.state = running || asked ? "running" : outcome;
    start.hidden = running;
    start.setAttribute("aria-disabled", String(asked));
    cancel.hidden = !running;
    cancel.setAttribute("aria-disabled", String(model.get("cancelling")));
    if (held) (running ? cancel : start).focus();
    sign.setAttribute("d", MARKS[outcome] ?? "");
    mark.toggleAttribute("hidden", !(outcome in MARKS));
    says.textContent = model.get("says");
    told.textContent = model.get("told");
    bar.hidden = !running && !asked;
    bar.value = model.get("share");
    left.textContent = model.get("left");
    const from = model.get("origin");
    origin.textContent = from && (running ? `Started ${time()} ${from}` : `Ended ${time()}, started ${from}`);
    curve.element.hidden = bar.hidden && model.get("points").length === 0;
    gallery.element.hidden = !bar.hidden || model.get("groups").length === 0;
  };
  const showCurve = () =>
    curve.show(Object.fromEntries(["points", "steps", "spoken", "loss", "right"].map((name) => [name, model.get(name)])));
  const showGroups = () => gallery.show(model.get("groups"));
  const showReasons = () => {
    const reasons = model.get("reasons");
    why.hidden = reasons.length === 0;
    list.replaceChildren(...reasons.map((reason) => make("li", {}, reason)));
  };
  const follow = [
    ["change", show],
    ["change:points", showCurve],
    ["change:steps", showCurve],
    ["change:groups", showGroups],
    ["change:reasons", showReasons],
  ];
  for (const [event, handler] of follow) model.on(event, handler);

  el.classList.add("dl-learn");
  el.append(
    make("div", { className: "dl-lead" },
      make("h2", {}, "Learn from corrections"),
      make("p", {}, "A new version is trained on what was corrected. It takes over only if it proves better.")),
    start, cancel, state, curve.element, gallery.element, why);
  for (const [, handler] of follow) handler();
  model.send({ type: "ready" });
  return () => {
    for (const [event, handler] of follow) model.off(event, handler);
  };
}

export default { render };
