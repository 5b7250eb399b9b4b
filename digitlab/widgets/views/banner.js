// The error, until the person closes it, or has had time to read it and continues; and why
// nothing is kept, as long as that is so.

const READ_MS = 3000; // an error that came during quick typing stays

function render({ model, el }) {
  const sentence = make("p", { "data-testid": "error-banner" });
  const close = make("button", { type: "button", className: "dl-quiet", "aria-label": "Close this message" }, "✕");
  const box = make("div", { role: "alert", hidden: true });
  const notKept = make("p", { role: "status", hidden: true, "data-testid": "not-kept" });
  let shownAt = 0;
  const dismiss = () => model.send({ type: "close", error: sentence.textContent });
  close.addEventListener("click", () => {
    dismiss();
    releaseFocus(el);
  });
  const show = () => {
    notKept.textContent = model.get("not_kept");
    notKept.hidden = !notKept.textContent;
    const error = model.get("error");
    if (error !== sentence.textContent) shownAt = performance.now();
    sentence.textContent = error;
    box.hidden = !error;
    box.replaceChildren(...(error ? [sentence, close] : []));
  };
  const listening = new AbortController();
  visitOf(model).addEventListener("command", () => {
    if (!box.hidden && performance.now() - shownAt >= READ_MS) dismiss();
  }, { signal: listening.signal });
  model.on("change:error change:not_kept", show);
  el.classList.add("dl-banner");
  el.append(notKept, box);
  show();
  model.send({ type: "ready" });
  return () => {
    listening.abort();
    model.off("change:error change:not_kept", show);
  };
}

export default { render };
