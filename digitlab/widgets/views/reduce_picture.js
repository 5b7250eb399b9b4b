// Reduce large pictures before they are sent. A file that the browser cannot decode stays as it is.

const JPEG_QUALITY = 0.92;
const MAX_PNG_BYTES = 2e6; // a larger PNG is a photograph, not a drawing
const MAX_DECODE_BYTES = 1e8; // the browser does not decode a larger file
const OPAQUE_TYPES = /^image\/(jpeg|bmp|hei[cf])$/; // other formats may have transparent parts

/** The canvas as a file of a type. */
const encodeCanvas = (canvas, type) =>
  new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error(type))), type, JPEG_QUALITY));

/** Paint white below transparent parts, which a JPEG would show black. */
const addWhiteBackground = (canvas) => {
  const pen = canvas.getContext("2d");
  pen.globalCompositeOperation = "destination-over";
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
};

/** The picture, upright, at most `side` pixels a side; undefined when it is no larger than that. */
const reducedCanvas = async (file, side) => {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }); // applies EXIF
  try {
    const scale = side / Math.max(bitmap.width, bitmap.height);
    if (scale >= 1) return undefined;
    const [width, height] = [bitmap.width, bitmap.height].map((n) => Math.max(1, Math.round(n * scale)));
    const canvas = make("canvas", { width, height });
    const pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.drawImage(bitmap, 0, 0, width, height);
    return canvas;
  } finally {
    bitmap.close(); // frees 48 MB of a phone's photograph before the encoding
  }
};

/** A photograph as JPEG; a drawing, and a picture that may be transparent, as PNG. */
const encodePicture = async (canvas, type) => {
  if (!OPAQUE_TYPES.test(type)) {
    const blob = await encodeCanvas(canvas, "image/png");
    if (blob.size <= MAX_PNG_BYTES) return blob;
    addWhiteBackground(canvas);
  }
  return encodeCanvas(canvas, "image/jpeg");
};

/** The file's name with the suffix of the blob's format. */
const nameFor = ({ name, type }, blob) =>
  type === blob.type ? name : `${name.replace(/\.\w+$/, "")}.${blob.type === "image/png" ? "png" : "jpg"}`;

/** The file to send for a picture: the file itself, or a copy of at most `side` pixels a side. */
async function reducePicture(file, side) {
  if (!file.type.startsWith("image/") || file.size > MAX_DECODE_BYTES) return file;
  try {
    const canvas = await reducedCanvas(file, side);
    if (!canvas) return file;
    const blob = await encodePicture(canvas, file.type);
    canvas.width = canvas.height = 0; // some browsers keep the pixels for long
    return new File([blob], nameFor(file, blob), { type: blob.type });
  } catch {
    return file; // the kernel reports what is wrong with it, if anything
  }
}
