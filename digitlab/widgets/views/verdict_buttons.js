// One click or one key for a verdict. What a verdict means is decided in the kernel.

const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Enter works a control that has the focus; all else that is free judges, once for each press. */
const judges = (event) =>
  isFree(event) && !event.repeat && (event.key !== "Enter" || !event.target.closest?.("button, a, input, summary"));

function render({ model, el }) {
  const button = (testid, className, ...children) =>
    make("button", { type: "button", className, "data-testid": testid }, ...children);
  const key = (name) => make("kbd", { "aria-hidden": "true" }, name);

  const right = button("judge-right", "dl-button dl-primary dl-right", "Right", key("Enter"));
  const digits = DIGITS.map((digit) => {
    const it = button(`judge-wrong-${digit}`, "dl-key", String(digit));
    it.setAttribute("aria-label", `It is ${digit}`);
    return it;
  });
  const keys = make("div", { className: "dl-keys", role: "group", "aria-label": "The right digit" }, ...digits);
  const none = button("judge-not-a-digit", "dl-button dl-not", "Not a digit", key("N"));
  const unsure = button("judge-unsure", "dl-button dl-unsure", "Unsure", key("U"));
  const undo = button("judge-undo", "dl-quiet dl-undo", "Undo", key("⌫"));
  const comment = make("input", {
    type: "text", maxLength: 500, autocomplete: "off", "data-testid": "judge-comment",
    placeholder: "Comment (optional)", "aria-label": "Comment, optional; it goes with your verdict",
  });
  const question = make("span");
  const place = button("judge-place", "dl-quiet dl-place");
  const receipt = make("p", { className: "dl-receipt", role: "status", "data-testid": "receipt" });
  const spoken = make("p", { className: "dl-spoken", role: "status" });

  let sent; // the comment that went with the last verdict
  /** Where the arrows or a click have gone in the grid, before the kernel has shown it. */
  const moving = () => pageOf(el).dataset.moving;
  const send = (type, more) => {
    const item = Number(moving() ?? model.get("item"));
    if (item < 0) return;
    sent = comment.value;
    model.send({ type, item, comment: sent, ...more });
  };
  /** The verdict is kept: its comment goes, unless somebody has typed on. */
  const clear = () => {
    if (comment.value === sent) comment.value = "";
  };
  const judge = (verdict) => send("judge", { verdict });
  const answer = (digit) => send("answer", { digit });
  const takeBack = () => model.get("can_undo") && model.send({ type: "undo" });

  const click = (control, work) =>
    control.addEventListener("click", (event) => {
      work();
      if (event.detail) rest(el); // a pointer's click; the keyboard keeps its place
    });
  click(right, () => judge("right"));
  digits.forEach((control, digit) => click(control, () => answer(digit)));
  click(none, () => judge("not-a-digit"));
  click(unsure, () => judge("unsure"));
  click(undo, takeBack);
  place.addEventListener("click", () => pageOf(el).querySelector(".dl-cells [aria-current]")?.focus());
  comment.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "Escape") rest(el); // then a key judges
  });

  const scrollTo = (element) => {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  };
  /** Show a new prediction when it came up outside the window, as on a phone. */
  const bringIntoView = () => {
    if (model.get("item") < 0) return;
    const grid = pageOf(el).querySelector(".dl-cells");
    if (grid && inWindow(grid) >= IN_GRID) { // the digit is seen there; fingers need the buttons too
      const hidden = [right, keys].some((control) => inWindow(control) < control.offsetHeight - 1);
      if (hidden && matchMedia("(hover: none)").matches) scrollTo(right);
      return;
    }
    const card = el.closest(".dl-answer-card");
    const top = card?.getBoundingClientRect().top ?? 0;
    if (top < 0 || top >= window.innerHeight / 2) scrollTo(card);
  };

  const listening = new AbortController();
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || !judges(event) || !isOurs(el, event.target)) return;
    const name = event.key.toLowerCase();
    if (/^[0-9]$/.test(name)) answer(Number(name));
    else if (name === "enter" && (moving() || !right.disabled)) judge("right");
    else if (name === "n") judge("not-a-digit");
    else if (name === "u") judge("unsure");
    else if (name === "backspace") takeBack();
    else return;
    event.preventDefault();
  }, { signal: listening.signal });

  // A notebook leaves the focus in an output that somebody clicked away from: give it back.
  document.addEventListener("pointerdown", (event) => {
    if (!isOurs(el, event.target) && pageOf(el).contains(document.activeElement))
      document.activeElement.blur();
  }, { signal: listening.signal });

  const show = () => {
    const [item, label, said] = ["item", "label", "said"].map((name) => model.get(name));
    const off = item < 0;
    for (const control of [none, unsure, comment, ...digits]) control.disabled = off;
    right.disabled = off || label < 0;
    undo.disabled = !model.get("can_undo");
    question.textContent = label < 0 && !off ? "Which digit is it?" : "Right, or which digit is it?";
    const press = (control, on) => control.setAttribute("aria-pressed", String(on));
    place.textContent = model.get("place");
    place.hidden = !model.get("place");
    press(right, said === "right");
    press(none, said === "not-a-digit");
    press(unsure, said === "unsure");
    digits.forEach((control, digit) => press(control, said === String(digit)));
    receipt.textContent = model.get("receipt");
    spoken.textContent = model.get("spoken");
  };
  model.on("change", show);
  model.on("change:item", bringIntoView);
  model.on("change:kept", clear);
  listening.signal.addEventListener("abort", () => {
    model.off("change", show);
    model.off("change:item", bringIntoView);
    model.off("change:kept", clear);
  });

  // JupyterLab leaves keys alone that are pressed inside an element with this mark.
  requestAnimationFrame(() => pageOf(el).setAttribute("data-lm-suppress-shortcuts", "true"));
  el.classList.add("dl-judge");
  const asks = make("p", { className: "dl-question" }, question, place);
  el.append(asks, right, keys, none, unsure, comment, undo, receipt, spoken);
  show();
  model.send({ type: "ready" });
  return () => listening.abort();
}

export default { render };
