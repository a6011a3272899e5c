// Tables from a byte to a colour, as canvases hold it.

const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
const UNSURE = [214, 0, 120];

function packed(red, green, blue, alpha) {
  const [a, b, c, d] = LITTLE_ENDIAN ? [alpha, blue, green, red] : [red, green, blue, alpha];
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

export function rgb(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

export function greys([black, white]) {
  const range = Math.max(1, white - black);
  return Uint32Array.from({ length: 256 }, (_, v) => {
    const level = Math.max(0, Math.min(255, Math.round((255 * (v - black)) / range)));
    return packed(level, level, level, 255);
  });
}

export function ofClasses(classes) {
  const table = new Uint32Array(256); // what is no class is clear
  classes.forEach(({ index, color }) => (table[index] = packed(...rgb(color), 255)));
  return table;
}

export function ofUncertainty() {
  return Uint32Array.from({ length: 256 }, (_, v) => packed(...UNSURE, v));
}

export function darker(color) {
  const bytes = new Uint8ClampedArray(new Uint32Array([color]).buffer);
  [0, 1, 2].forEach((k) => (bytes[k] *= 0.5));
  return new Uint32Array(bytes.buffer)[0];
}
