// Pictures from the clipboard: pasted anywhere on the page, or read with a button.

const HAS_NO_KEYBOARD = matchMedia("(hover: none)").matches; // a phone has no Ctrl+V
const PASTE_KEYS = /Mac/.test(navigator.platform) ? "⌘V" : "Ctrl+V";
const CLIPBOARD_EMPTY = HAS_NO_KEYBOARD
  ? "There is no picture in the clipboard; copy one, then try again."
  : `There is no picture in the clipboard; copy one, then press ${PASTE_KEYS}.`;
const CLIPBOARD_NOT_ALLOWED = HAS_NO_KEYBOARD
  ? "The browser did not allow it; choose the picture instead."
  : `The browser did not allow it; press ${PASTE_KEYS} to paste.`;

const TEXT_FIELD = "textarea, input:not([type=file], [type=checkbox]), [contenteditable]";

const isPicture = ({ type, name }) => type.startsWith("image/") || /\.(hei[cf]|avif|tiff?|pdf)$/i.test(name);

/** A file with a name, for a picture without one; browsers call such a picture "image.png". */
const nameFile = (blob, number) => {
  const suffix = blob.type.replace("image/", "").replace("jpeg", "jpg");
  return new File([blob], `pasted ${number}.${suffix}`, { type: blob.type });
};

/** The pictures in the clipboard; the browser may ask the person for permission. */
const clipboardPictures = async () => {
  const items = await navigator.clipboard.read();
  const pictureType = (item) => item.types.find((type) => type.startsWith("image/"));
  return Promise.all(items.filter(pictureType).map((item) => item.getType(pictureType(item))));
};

/** The button "Paste"; it calls `paste` with the pictures in the clipboard. */
function pasteButton(el, paste, showNote) {
  const button = make("button", { type: "button", className: "dl-button", "data-testid": "paste" }, "Paste");
  button.addEventListener("click", async (event) => {
    releasePointerFocus(el, event);
    try {
      paste(await clipboardPictures());
    } catch {
      showNote(CLIPBOARD_NOT_ALLOWED);
    }
  });
  return button;
}

/** Send what is pasted on the page; return a list with the button, empty without a clipboard. */
function acceptPastes(el, send, showNote, { signal }) {
  let unnamedCount = 0;
  const hasName = ({ name }) => name && !/^image\.\w+$/.test(name);
  const paste = (pictures) => {
    if (pictures.length)
      send(pictures.map((picture) =>
        hasName(picture) ? picture : nameFile(picture, (unnamedCount += 1))));
    else showNote(CLIPBOARD_EMPTY);
  };
  document.addEventListener("paste", (event) => {
    const { clipboardData, target } = event;
    if (event.defaultPrevented || !clipboardData || !isOnPage(el, target)) return;
    const pictures = [...clipboardData.files].filter(isPicture);
    // A text field gets the text, also when a spreadsheet adds a picture of it.
    const inTextField = target.closest?.(TEXT_FIELD);
    if (inTextField && (!pictures.length || clipboardData.types.includes("text/plain"))) return;
    event.preventDefault();
    paste(pictures);
  }, { signal });
  return navigator.clipboard?.read ? [pasteButton(el, paste, showNote)] : [];
}
