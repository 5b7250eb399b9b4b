// The head of the page. The browser remembers who judges here.

const KEY = "digitlab.contributor";

/** What the browser remembers; nothing where storage is forbidden. */
const recall = () => {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
};

const remember = (name) => {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // the name holds for this visit
  }
};

const makeUp = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(3));
  return `visitor-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
};

function render({ model, el }) {
  const version = make("strong", { "data-testid": "model-version" });
  const field = make("input", {
    type: "text", maxLength: model.get("longest"), spellcheck: false, autocomplete: "nickname",
    "data-testid": "contributor", "aria-label": "Your verdicts are kept under this name",
  });
  const send = () => model.send({ type: "contributor", name: field.value });
  field.addEventListener("change", () => {
    field.value = field.value.trim() || makeUp();
    remember(field.value);
    send();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") rest(el);
  });
  const show = () => {
    version.textContent = model.get("model_version");
    if (model.get("contributor") && document.activeElement !== field)
      field.value = model.get("contributor");
  };
  model.on("change", show);
  el.classList.add("dl-header");
  el.append(
    make("h1", {}, "digitlab"),
    make("p", {}, "model ", version),
    make("label", {}, "judged by ", field));
  show();
  if (!field.value) {
    field.value = recall() || makeUp();
    remember(field.value);
    send();
  }
  model.send({ type: "ready" });
  return () => model.off("change", show);
}

export default { render };
