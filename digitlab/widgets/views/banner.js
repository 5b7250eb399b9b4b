// The error, until the person closes it or continues.

function render({ model, el }) {
  const sentence = make("p", { "data-testid": "error-banner" });
  const close = make("button", { type: "button", className: "dl-quiet", "aria-label": "Close this message" }, "✕");
  const box = make("div", { role: "alert", hidden: true });
  close.addEventListener("click", () => {
    model.send({ type: "close" });
    releaseFocus(el);
  });
  const show = () => {
    const error = model.get("error");
    sentence.textContent = error;
    box.hidden = !error;
    box.replaceChildren(...(error ? [sentence, close] : []));
  };
  model.on("change:error", show);
  el.classList.add("dl-banner");
  el.append(box);
  show();
  model.send({ type: "ready" });
  return () => model.off("change:error", show);
}

export default { render };
