// A bar of a round length: in µm where the voxel size is known, else in voxels.

const LONGEST = 0.3; // of the picture's width
const STEPS = [1, 2, 5];

export function roundLength(longest) {
  const power = 10 ** Math.floor(Math.log10(longest));
  return power * STEPS.findLast((step) => step * power <= longest);
}

export function inWords(length, known) {
  if (!known) return `${length} voxels`;
  return length >= 1000 ? `${length / 1000} mm` : `${length} µm`;
}

export function drawScaleBar(view) {
  const { context, canvas, zoom, size } = view;
  const ratio = window.devicePixelRatio || 1;
  const length = roundLength(Math.max(1e-6, (LONGEST * Math.min(canvas.width, 600 * ratio) * (size || 1)) / zoom));
  const width = (length / (size || 1)) * zoom;
  const [x, y, text] = [12 * ratio, canvas.height - 14 * ratio, inWords(length, size)];
  context.font = `600 ${12 * ratio}px system-ui, sans-serif`;
  const wide = Math.max(width, context.measureText(text).width);
  context.fillStyle = "rgba(0, 0, 0, 0.6)";
  context.fillRect(x - 6 * ratio, y - 22 * ratio, wide + 12 * ratio, 30 * ratio);
  context.fillStyle = "#fff";
  context.fillRect(x, y, width, 3 * ratio);
  context.fillText(text, x, y - 6 * ratio);
  canvas.dataset.scale = text;
}
