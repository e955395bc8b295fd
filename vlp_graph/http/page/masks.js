/** Masks in COCO's run-length encoding, and their silhouettes at the size at which they are drawn. */

/**
 * The runs of a compressed mask: lengths of outside, inside, outside, … down the columns.
 * Each length is written in characters of five bits and a sign, from the third on as the difference to the one
 * before the last.
 */
function runs(counts) {
  const lengths = [];
  for (let at = 0; at < counts.length;) {
    let value = 0;
    let shift = 0;
    let bits;
    do {
      if (at >= counts.length) throw new RangeError("the mask is cut off");
      bits = counts.charCodeAt(at++) - 48;
      if (bits < 0 || bits > 63 || shift > 30) throw new RangeError("not a mask");
      value |= (bits & 0x1f) << shift;
      shift += 5;
    } while (bits & 0x20);
    if (bits & 0x10 && shift < 32) value |= -1 << shift;
    if (lengths.length > 2) value += lengths[lengths.length - 2];
    lengths.push(value);
  }
  return lengths;
}

/** `{size: [height, width], counts}` -> `{width, height, inside}`, row by row, 1 where the thing is. */
export function decode({ size: [height, width], counts }) {
  const inside = new Uint8Array(width * height);
  let at = 0;
  let value = 0;
  for (const length of runs(counts)) {
    if (length < 0 || at + length > inside.length) throw new RangeError("the mask does not fit its size");
    if (value) for (let i = at; i < at + length; i++) inside[(i % height) * width + Math.floor(i / height)] = 1;
    at += length;
    value ^= 1;
  }
  if (at !== inside.length) throw new RangeError("the mask does not fill its size");
  return { width, height, inside };
}

const INSIDE = 1;
const RIM = 2;
const FILL = 92; // of 255: what is below shows through

/**
 * A mask drawn `across` x `down` pixels large, its stairs smoothed: `{left, top, width, height, cells}` of the part
 * that is not empty; cells are 0, 1 inside, 2 on the rim (`rim` pixels wide). Null where nothing is inside.
 */
export function silhouette(mask, across, down, rim) {
  const frame = bounds(mask);
  if (!frame) return null;
  const left = Math.max(0, Math.floor((frame.left * across) / mask.width) - 1);
  const top = Math.max(0, Math.floor((frame.top * down) / mask.height) - 1);
  const width = Math.min(across, Math.ceil(((frame.right + 1) * across) / mask.width) + 1) - left;
  const height = Math.min(down, Math.ceil(((frame.bottom + 1) * down) / mask.height) + 1) - top;
  const cells = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = ((top + y + 0.5) * mask.height) / down - 0.5;
    for (let x = 0; x < width; x++) {
      if (between(mask, ((left + x + 0.5) * mask.width) / across - 0.5, row) >= 0.5) cells[y * width + x] = INSIDE;
    }
  }
  return { left, top, width, height, cells: rimmed(cells, width, height, rim) };
}

function bounds({ width, height, inside }) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!inside[y * width + x]) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      bottom = y;
    }
  }
  return right < 0 ? null : { left, top, right, bottom };
}

/** The mask between its pixels' centres, 0 to 1; beyond its border it goes on as at it. */
function between({ width, height, inside }, x, y) {
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const [right, lower] = [x - x0, y - y0];
  const [a, b] = [clamp(x0, width), clamp(x0 + 1, width)];
  const [c, d] = [clamp(y0, height) * width, clamp(y0 + 1, height) * width];
  const above = inside[c + a] * (1 - right) + inside[c + b] * right;
  const below = inside[d + a] * (1 - right) + inside[d + b] * right;
  return above * (1 - lower) + below * lower;
}

const clamp = (value, size) => Math.min(Math.max(value, 0), size - 1);

function rimmed(cells, width, height, rim) {
  const marked = cells.slice();
  const outside = (x, y) => x < 0 || y < 0 || x >= width || y >= height || !cells[y * width + x];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!cells[y * width + x]) continue;
      if (outside(x - rim, y) || outside(x + rim, y) || outside(x, y - rim) || outside(x, y + rim)) {
        marked[y * width + x] = RIM;
      }
    }
  }
  return marked;
}

/** Draws silhouettes `[{shape, colour: [r, g, b], faint}]` on a canvas, and nothing else. */
export function paint(canvas, drawn) {
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(canvas.width, canvas.height);
  for (const { shape, colour, faint } of drawn) {
    for (let y = 0; y < shape.height; y++) {
      for (let x = 0; x < shape.width; x++) {
        const cell = shape.cells[y * shape.width + x];
        if (!cell) continue;
        const at = ((shape.top + y) * canvas.width + shape.left + x) * 4;
        image.data.set(colour, at);
        image.data[at + 3] = (cell === RIM ? 255 : FILL) * (faint ? 0.35 : 1);
      }
    }
  }
  pen.putImageData(image, 0, 0);
}
