// The camera: a live view that one picture is taken from, or a phone's own camera instead.

const VIEW = { video: { facingMode: "environment", width: { ideal: 1920 } } };
const BUSY = "NotReadableError";

/** Why there is no live view, by the browser's name for it. */
const NO_VIEW = {
  NotAllowedError: "The camera was not allowed; choose a picture instead.",
  NotFoundError: "No camera was found here; choose a picture instead.",
  [BUSY]: "The camera is in use elsewhere; close it there and try again.",
};
const NO_VIEW_OTHERWISE = "The camera did not start; choose a picture instead.";
const VIEW_LOST = "The camera stopped; try again, or choose a picture.";

const release = (stream) => stream?.getTracks().forEach((track) => track.stop());

/** The live view. `taken(blob)` gets the picture; `lost()` hears that the camera went away. */
class LiveView {
  constructor(taken, lost, { signal }) {
    this.taken = taken;
    this.lost = lost;
    const button = (kind, testid, text) =>
      make("button", { type: "button", className: `dl-button ${kind}`, "data-testid": testid }, text);
    const take = button("dl-primary", "camera-take", "Take it");
    const close = button("", "camera-close", "Close");
    this.video = make("video", {
      autoplay: true, muted: true, playsInline: true,
      "aria-label": "What the camera sees", "data-testid": "camera-view",
    });
    this.dialog = make("dialog", { className: "dl-camera", "aria-label": "Take a picture" },
      this.video, make("div", {}, take, close));
    take.addEventListener("click", () => this.shoot());
    close.addEventListener("click", () => this.close());
    this.dialog.addEventListener("close", () => this.close()); // Escape
    // No key judges the picture behind; in front of all others, wherever the focus is.
    document.addEventListener("keydown", (event) => {
      if (this.dialog.open) event.stopPropagation();
    }, { signal, capture: true });
    addEventListener("pagehide", () => this.close(), { signal });
    signal.addEventListener("abort", () => this.close());
  }

  /** Ask for the camera and show what it sees; rejects with the browser's reason. */
  async open() {
    this.wanted = true;
    try {
      const stream = await navigator.mediaDevices.getUserMedia(VIEW);
      if (!this.wanted || this.stream) return release(stream); // closed while the person was asked
      this.stream = stream;
      stream.getVideoTracks()[0].addEventListener("ended", () => {
        this.close();
        this.lost();
      });
      this.video.srcObject = stream;
      this.dialog.showModal(); // moves the focus in, and gives it back when it closes
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Let the camera go. */
  close() {
    this.wanted = false;
    release(this.stream);
    this.stream = this.video.srcObject = null;
    if (this.dialog.open) this.dialog.close();
  }

  /** Take the frame in view, at the camera's full size. */
  async shoot() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return; // nothing in view yet
    const frame = make("canvas", { width, height });
    frame.getContext("2d").drawImage(this.video, 0, 0);
    this.close();
    this.taken(await encoded(frame, "image/jpeg"));
  }
}

/** "Take a picture": opens the live view; a file input where there can be none. */
function cameraButton(el, send, tell, listening) {
  const standIn = fileButton("Take a picture", "dl-button", {
    accept: "image/*", "data-testid": "camera-file-input", "aria-label": "Take a picture",
  }, el, send);
  const input = standIn.querySelector("input");
  input.setAttribute("capture", "environment"); // a phone opens its camera at once
  if (!navigator.mediaDevices?.getUserMedia) return standIn; // plain http on a phone

  const button = make("button", { type: "button", className: "dl-button", "data-testid": "camera" }, "Take a picture");
  let photos = 0;
  const taken = (blob) => {
    photos += 1;
    send([new File([blob], `photo ${photos}.jpg`, { type: "image/jpeg" })]);
  };
  const view = new LiveView(taken, () => tell(VIEW_LOST), listening);
  button.addEventListener("click", async (event) => {
    if (event.detail) rest(el); // a pointer's click; the keyboard keeps its place
    if (view.wanted) return; // the browser is asking the person
    tell("Starting the camera…");
    try {
      await view.open();
      tell("");
    } catch ({ name }) {
      tell(NO_VIEW[name] ?? NO_VIEW_OTHERWISE);
      if (name === BUSY) return;
      const held = document.activeElement === button;
      button.replaceWith(standIn);
      if (held) input.focus();
    }
  });
  el.append(view.dialog);
  return button;
}
