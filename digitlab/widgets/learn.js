// The fine-tune: asked for here, shown wherever it was asked for. All text is set as text.

function render({ model, el }) {
  const button = (testid, className, text) =>
    make("button", { type: "button", className, "data-testid": testid }, text);
  const start = button("fine-tune", "dl-button dl-start", "Fine-tune now");
  const cancel = button("fine-tune-cancel", "dl-button dl-cancel", "Cancel");
  const says = make("p", { className: "dl-says", role: "status", "data-testid": "fine-tune-says" });
  const told = make("p", { className: "dl-told", role: "status" });
  const bar = make("progress", { max: 1, "aria-label": "Progress of the fine-tune", "data-testid": "fine-tune-bar" });
  const left = make("span", { "data-testid": "fine-tune-left" });
  const origin = make("span");
  const foot = make("p", { className: "dl-foot" }, origin, left);
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
    const held = [start, cancel].includes(document.activeElement);
    el.dataset.state = running || asked ? "running" : model.get("verdict");
    start.hidden = running;
    start.setAttribute("aria-disabled", String(asked));
    cancel.hidden = !running;
    cancel.setAttribute("aria-disabled", String(model.get("cancelling")));
    if (held) (running ? cancel : start).focus();
    says.textContent = model.get("says");
    told.textContent = model.get("told");
    bar.hidden = !running && !asked;
    bar.value = model.get("share");
    left.textContent = model.get("left");
    const from = model.get("origin");
    origin.textContent = from && (running ? `Started ${time()} ${from}` : `Ended ${time()}, started ${from}`);
  };
  const showReasons = () => {
    const reasons = model.get("reasons");
    why.hidden = reasons.length === 0;
    list.replaceChildren(...reasons.map((reason) => make("li", {}, reason)));
  };
  model.on("change", show);
  model.on("change:reasons", showReasons);

  el.classList.add("dl-learn");
  el.append(
    make("div", { className: "dl-lead" },
      make("h2", {}, "Learn from corrections"),
      make("p", {}, "A new version is trained on what was corrected. It takes over only if it proves better.")),
    start, cancel, says, bar, told, foot, why);
  show();
  showReasons();
  model.send({ type: "ready" });
  return () => {
    model.off("change", show);
    model.off("change:reasons", showReasons);
  };
}

export default { render };
