// Under each view: which of its slices carry strokes.

import { page } from "./page.js";

const THUMB = 16; // CSS pixels, as page.css has it: the ends of a slider are half a thumb inside

export function drawStrip(view) {
  const { strip, count } = view;
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(strip.clientWidth * ratio), Math.round(strip.clientHeight * ratio)];
  if (strip.width !== width) strip.width = width;
  if (strip.height !== height) strip.height = height;
  const context = strip.getContext("2d");
  context.clearRect(0, 0, width, height);
  if (page.audit) return;
  context.fillStyle = getComputedStyle(strip).color;
  const wide = Math.max(2 * ratio, Math.floor(width / count));
  for (const index of page.state.slices_with_strokes[view.name]) {
    const x = THUMB / 2 + (index / Math.max(1, count - 1)) * (strip.clientWidth - THUMB);
    context.fillRect(Math.round(x * ratio - wide / 2), 0, wide, height);
  }
}

export function indexAt(view, event) {
  const { left, width } = view.strip.getBoundingClientRect();
  return ((event.clientX - left - THUMB / 2) / (width - THUMB)) * (view.count - 1);
}

// The slice with strokes that is nearest, or the next one in a direction.
export function nearestWithStrokes(view, index, direction = 0) {
  const known = page.state.slices_with_strokes[view.name].filter((k) => !direction || (k - index) * direction > 0);
  return known.sort((a, b) => Math.abs(a - index) - Math.abs(b - index))[0];
}
