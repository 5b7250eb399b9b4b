// The camera: a live view from which the person takes one picture, or a phone's own camera.

const CAMERA_REQUEST = { video: { facingMode: "environment", width: { ideal: 1920 } } };
const CAMERA_IN_USE = "NotReadableError";

/** Why there is no live view, by the name of the browser's error. */
const CAMERA_ERRORS = {
  NotAllowedError: "The camera was not allowed; choose a picture instead.",
  NotFoundError: "No camera was found here; choose a picture instead.",
  [CAMERA_IN_USE]: "The camera is in use elsewhere; close it there and try again.",
};
const OTHER_CAMERA_ERROR = "The camera did not start; choose a picture instead.";
const CAMERA_STOPPED = "The camera stopped; try again, or choose a picture.";

const stopStream = (stream) => stream?.getTracks().forEach((track) => track.stop());

/** The live view. It calls `onPicture(blob)` with the picture and `onStopped()` when the camera
 * goes away. */
class LiveView {
  constructor(onPicture, onStopped, { signal }) {
    this.onPicture = onPicture;
    this.onStopped = onStopped;
    const button = (className, testid, text) =>
      make("button", { type: "button", className: `dl-button ${className}`, "data-testid": testid }, text);
    const take = button("dl-primary", "camera-take", "Take it");
    const close = button("", "camera-close", "Close");
    this.video = make("video", {
      autoplay: true, muted: true, playsInline: true,
      "aria-label": "What the camera sees", "data-testid": "camera-view",
    });
    this.dialog = make("dialog", { className: "dl-camera", "aria-label": "Take a picture" },
      this.video, make("div", {}, take, close));
    take.addEventListener("click", () => this.takePicture());
    close.addEventListener("click", () => this.close());
    this.dialog.addEventListener("close", () => this.close()); // Escape
    // Keys must not judge the item behind the dialog, wherever the focus is.
    document.addEventListener("keydown", (event) => {
      if (this.dialog.open) event.stopPropagation();
    }, { signal, capture: true });
    addEventListener("pagehide", () => this.close(), { signal });
    signal.addEventListener("abort", () => this.close());
  }

  /** Request the camera and show its view; reject with the browser's error. */
  async open() {
    this.requested = true;
    try {
      const stream = await navigator.mediaDevices.getUserMedia(CAMERA_REQUEST);
      // The person may have closed the view before allowing the camera.
      if (!this.requested || this.stream) return stopStream(stream);
      this.stream = stream;
      stream.getVideoTracks()[0].addEventListener("ended", () => {
        this.close();
        this.onStopped();
      });
      this.video.srcObject = stream;
      this.dialog.showModal(); // takes the focus, and gives it back when it closes
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Close the view and stop the camera. */
  close() {
    this.requested = false;
    stopStream(this.stream);
    this.stream = this.video.srcObject = null;
    if (this.dialog.open) this.dialog.close();
  }

  /** Take the current frame at the camera's full size. */
  async takePicture() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return; // no frame yet
    const frame = make("canvas", { width, height });
    frame.getContext("2d").drawImage(this.video, 0, 0);
    this.close();
    this.onPicture(await encodeCanvas(frame, "image/jpeg"));
  }
}

/** The button "Take a picture": it opens the live view, or a file input where there is none. */
function cameraButton(el, send, showNote, listening) {
  const fileInput = fileButton("Take a picture", "dl-button", {
    accept: "image/*", "data-testid": "camera-file-input", "aria-label": "Take a picture",
  }, el, send);
  const input = fileInput.querySelector("input");
  input.setAttribute("capture", "environment"); // a phone opens its camera at once
  if (!navigator.mediaDevices?.getUserMedia) return fileInput; // no camera over plain HTTP

  const button = make("button", { type: "button", className: "dl-button", "data-testid": "camera" }, "Take a picture");
  let photoCount = 0;
  const onPicture = (blob) => {
    photoCount += 1;
    send([new File([blob], `photo ${photoCount}.jpg`, { type: "image/jpeg" })]);
  };
  const view = new LiveView(onPicture, () => showNote(CAMERA_STOPPED), listening);
  button.addEventListener("click", async (event) => {
    releasePointerFocus(el, event);
    if (view.requested) return; // the browser is asking for permission
    showNote("Starting the camera…");
    try {
      await view.open();
      showNote("");
    } catch ({ name }) {
      showNote(CAMERA_ERRORS[name] ?? OTHER_CAMERA_ERROR);
      if (name === CAMERA_IN_USE) return;
      const hadFocus = document.activeElement === button;
      button.replaceWith(fileInput);
      if (hadFocus) input.focus();
    }
  });
  el.append(view.dialog);
  return button;
}
