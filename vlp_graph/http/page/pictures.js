/** Pictures as people choose them, made into what the server takes: JPEG, PNG or WebP, not too large. */

const TAKEN = ["image/jpeg", "image/png", "image/webp"];
const SHARE_OF_BODY = 0.3;
const QUALITY = 0.92;

/** A picture is `{blob, url, width, height, name}`, upright, in the pixels that the server will see. */
export function picture(blob, width, height, name) {
  return { blob, url: URL.createObjectURL(blob), width, height, name };
}

/** A file as a picture; one of another format, or too large, is encoded anew. Raises an Error that says what to do. */
export async function fromFile(file, limits) {
  const name = file.name || "picture";
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new Error(`${name} is no picture that this browser can read. Choose a JPEG, PNG or WebP file.`);
  }
  const { width, height } = bitmap;
  const fits = width * height <= limits.pixels && file.size <= limits.body_bytes * SHARE_OF_BODY;
  if (fits && TAKEN.includes(file.type)) {
    bitmap.close();
    return picture(file, width, height, name);
  }
  const shrunk = await encoded(bitmap, width, height, limits.pixels);
  bitmap.close();
  return picture(shrunk.blob, shrunk.width, shrunk.height, name);
}

/** A canvas, image or video frame as a JPEG of at most `pixels`. */
export async function encoded(source, width, height, pixels) {
  const scale = Math.min(1, Math.sqrt(pixels / (width * height)), 4096 / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.floor(width * scale));
  canvas.height = Math.max(1, Math.floor(height * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff"; // as the server lays what is transparent
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(source, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  return { blob, width: canvas.width, height: canvas.height };
}

/** A blob as a data: URL, without the parameters of its type. */
export function dataUrl(blob) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(`data:${blob.type.split(";")[0]};base64,${reader.result.split(",", 2)[1] ?? ""}`);
    reader.onerror = () => failed(new Error("The browser cannot read the file any more. Choose it again."));
    reader.readAsDataURL(blob);
  });
}
