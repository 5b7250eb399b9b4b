// Pictures from the clipboard: pasted anywhere on the page, or fetched with a button.

const NO_KEYBOARD = matchMedia("(hover: none)").matches; // a phone has no Ctrl+V
const PASTE_KEYS = /Mac/.test(navigator.platform) ? "⌘V" : "Ctrl+V";
const NOTHING_THERE = NO_KEYBOARD
  ? "There is no picture in the clipboard; copy one, then try again."
  : `There is no picture in the clipboard; copy one, then press ${PASTE_KEYS}.`;
const NOT_ALLOWED = NO_KEYBOARD
  ? "The browser did not allow it; choose the picture instead."
  : `The browser did not allow it; press ${PASTE_KEYS} to paste.`;

const TEXT_FIELD = "textarea, input:not([type=file], [type=checkbox]), [contenteditable]";

const isPicture = ({ type, name }) => type.startsWith("image/") || /\.hei[cf]$/i.test(name);

/** A name for what has none; browsers call all that was never a file "image.png". */
const named = (blob, number) => {
  const ending = blob.type.replace("image/", "").replace("jpeg", "jpg");
  return new File([blob], `pasted ${number}.${ending}`, { type: blob.type });
};

/** The pictures that the browser hands out; the person may be asked first. */
const clipboardPictures = async () => {
  const items = await navigator.clipboard.read();
  const picture = (item) => item.types.find((type) => type.startsWith("image/"));
  return Promise.all(items.filter(picture).map((item) => item.getType(picture(item))));
};

/** The button "Paste"; `take` gets what the clipboard has. */
function pasteButton(el, take, tell) {
  const button = make("button", { type: "button", className: "dl-button", "data-testid": "paste" }, "Paste");
  button.addEventListener("click", async (event) => {
    if (event.detail) rest(el); // a pointer's click; the keyboard keeps its place
    try {
      take(await clipboardPictures());
    } catch {
      tell(NOT_ALLOWED);
    }
  });
  return button;
}

/** Take what is pasted on the page; the button for it, in a list that is empty without one. */
function acceptPastes(el, send, tell, { signal }) {
  let count = 0;
  const isNamed = ({ name }) => name && !/^image\.\w+$/.test(name);
  const take = (pictures) => {
    if (pictures.length) send(pictures.map((one) => (isNamed(one) ? one : named(one, (count += 1)))));
    else tell(NOTHING_THERE);
  };
  document.addEventListener("paste", (event) => {
    const { clipboardData, target } = event;
    if (event.defaultPrevented || !clipboardData || !isOurs(el, target)) return;
    const pictures = [...clipboardData.files].filter(isPicture);
    // A text field keeps its text, also when a picture of it comes along, as from a spreadsheet.
    const typing = target.closest?.(TEXT_FIELD);
    if (typing && (!pictures.length || clipboardData.types.includes("text/plain"))) return;
    event.preventDefault();
    take(pictures);
  }, { signal });
  return navigator.clipboard?.read ? [pasteButton(el, take, tell)] : [];
}
