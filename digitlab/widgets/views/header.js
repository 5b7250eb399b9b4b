// The head of the page. The browser remembers the name of the person who judges.

const STORAGE_KEY = "digitlab.contributor";

/** The remembered name; empty where the browser forbids storage. */
const storedName = () => {
  try {
    return localStorage.getItem(STORAGE_KEY) ?? "";
  } catch {
    return "";
  }
};

const storeName = (name) => {
  try {
    localStorage.setItem(STORAGE_KEY, name);
  } catch {
    // the name is used in this visit only
  }
};

const randomName = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(3));
  return `visitor-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
};

function render({ model, el }) {
  const version = make("strong", { "data-testid": "model-version" });
  const field = make("input", {
    type: "text", maxLength: model.get("max_length"), spellcheck: false, autocomplete: "nickname",
    "data-testid": "contributor", "aria-label": "Your verdicts are saved under this name",
  });
  const send = () => model.send({ type: "contributor", name: field.value });
  field.addEventListener("change", () => {
    field.value = field.value.trim() || randomName();
    storeName(field.value);
    send();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") releaseFocus(el);
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
    field.value = storedName() || randomName();
    storeName(field.value);
    send();
  }
  model.send({ type: "ready" });
  return () => model.off("change", show);
}

export default { render };
