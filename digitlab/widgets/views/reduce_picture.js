// Large pictures are made smaller before they travel; what the browser cannot decode is left alone.

const QUALITY = 0.92; // of a JPEG
const LARGE_PNG = 2e6; // bytes; more than a drawing has, so it is a photograph
const UNDECODED = 1e8; // bytes; the browser is not asked to open a larger file
const OPAQUE = /^image\/(jpeg|bmp|hei[cf])$/; // any other format may have transparent parts

/** The canvas as a file of that type. */
const encoded = (canvas, type) =>
  new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error(type))), type, QUALITY));

/** White below all that is transparent: a JPEG would have black there. */
const layOnWhite = (canvas) => {
  const pen = canvas.getContext("2d");
  pen.globalCompositeOperation = "destination-over";
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
};

/** The picture, upright, at most `side` pixels a side; nothing when it is no larger than that. */
const drawn = async (file, side) => {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }); // EXIF is applied
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
    bitmap.close(); // 48 MB of a phone's photograph, before anything is encoded
  }
};

/** A photograph as JPEG; a drawing and what may be transparent as PNG. */
const packed = async (canvas, type) => {
  if (!OPAQUE.test(type)) {
    const blob = await encoded(canvas, "image/png");
    if (blob.size <= LARGE_PNG) return blob;
    layOnWhite(canvas);
  }
  return encoded(canvas, "image/jpeg");
};

/** The name with the ending that the new format has. */
const renamed = ({ name, type }, blob) =>
  type === blob.type ? name : `${name.replace(/\.\w+$/, "")}.${blob.type === "image/png" ? "png" : "jpg"}`;

/** The file to send for a picture: itself, or a copy of at most `side` pixels a side. */
async function reduced(file, side) {
  if (!file.type.startsWith("image/") || file.size > UNDECODED) return file;
  try {
    const canvas = await drawn(file, side);
    if (!canvas) return file;
    const blob = await packed(canvas, file.type);
    canvas.width = canvas.height = 0; // some browsers keep the pixels for long
    return new File([blob], renamed(file, blob), { type: blob.type });
  } catch {
    return file; // what is wrong with it, if anything, is said when it is read
  }
}
