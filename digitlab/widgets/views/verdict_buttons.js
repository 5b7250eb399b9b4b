// A verdict with one click or one key. The kernel decides what a verdict means.

const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Whether a key press may give a verdict: the first press of a key that the page may use; Enter
 * not on a focused control, which it activates. */
const isVerdictKey = (event) =>
  isPageKey(event) && !event.repeat && (event.key !== "Enter" || !event.target.closest?.("button, a, input, summary"));

function render({ model, el }) {
  const button = (testid, className, ...children) =>
    make("button", { type: "button", className, "data-testid": testid }, ...children);
  const keyHint = (name) => make("kbd", { "aria-hidden": "true" }, name);

  const right = button("judge-right", "dl-button dl-primary dl-right", "Right", keyHint("Enter"));
  const digitButtons = DIGITS.map((digit) => {
    const control = button(`judge-wrong-${digit}`, "dl-key", String(digit));
    control.setAttribute("aria-label", `It is ${digit}`);
    return control;
  });
  const keys = make("div", { className: "dl-keys", role: "group", "aria-label": "The right digit" }, ...digitButtons);
  const notADigit = button("judge-not-a-digit", "dl-button dl-not-a-digit", "Not a digit", keyHint("N"));
  const unsure = button("judge-unsure", "dl-button dl-unsure", "Unsure", keyHint("U"));
  const undo = button("judge-undo", "dl-quiet dl-undo", "Undo", keyHint("⌫"));
  const comment = make("input", {
    type: "text", maxLength: 500, autocomplete: "off", "data-testid": "judge-comment",
    placeholder: "Comment (optional)", "aria-label": "Comment, optional; it is saved with your verdict",
  });
  const questionText = make("span");
  const position = button("judge-place", "dl-quiet dl-position");
  const receipt = make("p", { className: "dl-receipt", role: "status", "data-testid": "receipt" });
  const spokenText = make("p", { className: "dl-spoken", role: "status" });

  let sentComment; // the comment of the last verdict
  /** Item that an arrow or a click in the grid selected, before the kernel has shown it. */
  const selectedItem = () => pageOf(el).dataset.selectedItem;
  const sendVerdict = (content) => {
    const item_id = Number(selectedItem() ?? model.get("item_id"));
    if (item_id < 0) return;
    sentComment = comment.value;
    model.send({ item_id, comment: sentComment, ...content });
  };
  const judge = (verdict) => sendVerdict({ type: "verdict", verdict });
  const judgeByLabel = (label) => sendVerdict({ type: "label", label });
  const sendUndo = () => model.get("can_undo") && model.send({ type: "undo" });
  /** Clear the comment of a saved verdict, unless the person has typed since. */
  const clearComment = () => {
    if (comment.value === sentComment) comment.value = "";
  };

  onClick(el, right, () => judge("right"));
  digitButtons.forEach((control, digit) => onClick(el, control, () => judgeByLabel(digit)));
  onClick(el, notADigit, () => judge("not-a-digit"));
  onClick(el, unsure, () => judge("unsure"));
  onClick(el, undo, sendUndo);
  position.addEventListener("click", () => pageOf(el).querySelector(".dl-cells [aria-current]")?.focus());
  comment.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "Escape") releaseFocus(el); // the next key judges
  });

  const scrollTo = (element) => {
    const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({ block: "start", behavior: reducedMotion ? "auto" : "smooth" });
  };
  /** Scroll to a new prediction that is outside the window, as on a phone. */
  const bringIntoView = () => {
    if (model.get("item_id") < 0) return;
    const grid = pageOf(el).querySelector(".dl-cells");
    if (grid && visibleHeight(grid) >= GRID_IN_USE_PX) { // shows the digit; fingers need the buttons too
      const cutOff = [right, keys].some((control) => visibleHeight(control) < control.offsetHeight - 1);
      if (cutOff && matchMedia("(hover: none)").matches) scrollTo(right);
      return;
    }
    const card = el.closest(".dl-result-card");
    const top = card?.getBoundingClientRect().top ?? 0;
    if (top < 0 || top >= window.innerHeight / 2) scrollTo(card);
  };

  const listening = new AbortController();
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || !isVerdictKey(event) || !isOnPage(el, event.target)) return;
    const key = event.key.toLowerCase();
    if (/^[0-9]$/.test(key)) judgeByLabel(Number(key));
    else if (key === "enter" && (selectedItem() || !right.disabled)) judge("right");
    else if (key === "n") judge("not-a-digit");
    else if (key === "u") judge("unsure");
    else if (key === "backspace") sendUndo();
    else return;
    event.preventDefault();
  }, { signal: listening.signal });

  // A notebook leaves the focus in an output after a click outside it, so keys would go there.
  document.addEventListener("pointerdown", (event) => {
    if (!isOnPage(el, event.target) && pageOf(el).contains(document.activeElement))
      document.activeElement.blur();
  }, { signal: listening.signal });

  const show = () => {
    const [itemId, predicted, verdict, label] =
      ["item_id", "predicted", "verdict", "label"].map((name) => model.get(name));
    const disabled = itemId < 0;
    for (const control of [notADigit, unsure, comment, ...digitButtons]) control.disabled = disabled;
    right.disabled = disabled || predicted < 0;
    undo.disabled = !model.get("can_undo");
    questionText.textContent = predicted < 0 && !disabled ? "Which digit is it?" : "Right, or which digit is it?";
    const setPressed = (control, on) => control.setAttribute("aria-pressed", String(on));
    position.textContent = model.get("position");
    position.hidden = !model.get("position");
    setPressed(right, verdict === "right");
    setPressed(notADigit, verdict === "not-a-digit");
    setPressed(unsure, verdict === "unsure");
    digitButtons.forEach((control, digit) => setPressed(control, label === digit));
    receipt.textContent = model.get("receipt");
    spokenText.textContent = model.get("spoken_text");
  };
  const handlers = [
    ["change", show],
    ["change:item_id", bringIntoView],
    ["change:saved_count", clearComment],
  ];
  for (const [event, handler] of handlers) model.on(event, handler);
  listening.signal.addEventListener("abort", () => {
    for (const [event, handler] of handlers) model.off(event, handler);
  });

  // JupyterLab ignores keys that are pressed inside an element with this attribute.
  requestAnimationFrame(() => pageOf(el).setAttribute("data-lm-suppress-shortcuts", "true"));
  el.classList.add("dl-verdict-buttons");
  const question = make("p", { className: "dl-question" }, questionText, position);
  el.append(question, right, keys, notADigit, unsure, comment, undo, receipt, spokenText);
  show();
  model.send({ type: "ready" });
  return () => listening.abort();
}

export default { render };
