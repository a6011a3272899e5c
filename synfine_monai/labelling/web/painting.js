// Strokes: drawn here at once, sent when the brush is lifted, and shown by the server's tiles from then on.

import { ERASER, attempt, fail, mayWrite, page, redraw } from "./page.js";
import { post } from "./server.js";
import { paintWindow } from "./audit.js";

const CLOSEST = 0.25; // voxels between two points of a line
const MOST_POINTS = 20000; // of one line; it goes on as another

let last = Promise.resolve();

// Writes come to the server in the order in which they were made.
export function inOrder(action) {
  last = last.then(() => attempt(action));
  return last;
}

export function beginStroke(view, point) {
  if (!mayWrite()) {
    fail(page.state.you_write ? "Nothing can be painted while the scan is being finished." : "Another browser paints; this one only looks.");
    return;
  }
  const label = page.tool === "eraser" ? ERASER : page.label;
  view.stroke = { view: view.name, index: view.index, label, radius: page.radius, segments: [] };
  extendStroke(view, point);
}

export function extendStroke(view, point) {
  const { stroke } = view;
  if (!stroke) return;
  if (!view.holds(point)) {
    stroke.left = true; // what comes back is another line
    return;
  }
  let line = stroke.segments.at(-1);
  if (!line || stroke.left || line.length >= MOST_POINTS) {
    line = line && !stroke.left ? [line.at(-1)] : [];
    stroke.segments.push(line);
    stroke.left = false;
  }
  const before = line.at(-1);
  if (before && Math.hypot(point[0] - before[0], point[1] - before[1]) < CLOSEST) return;
  line.push(point.map((v) => Math.round(v * 100) / 100));
  if (page.audit) paintWindow(stroke, line.slice(-2));
  redraw();
}

export function giveUpStroke(view) {
  view.stroke = null;
  redraw();
}

export function endStroke(view) {
  const { stroke } = view;
  view.stroke = null;
  redraw();
  if (!stroke || !stroke.segments.length || page.audit) return;
  const [row, column] = stroke.segments.at(-1).at(-1);
  page.focus = { view: view.name, row, column };
  stroke.segments.forEach((points) => send({ ...stroke, segments: [points] }));
}

function send(stroke) {
  const { label, radius, view, index, segments } = stroke;
  page.pending.push(stroke);
  inOrder(async () => {
    try {
      await post("stroke", { label, radius, view, index, points: segments[0] });
      page.drawn += 1;
      stroke.since = page.drawn; // tiles of this age hold it
    } catch (problem) {
      page.pending = page.pending.filter((other) => other !== stroke);
      throw problem;
    } finally {
      redraw();
    }
  });
}

// Forget the strokes that the tiles hold by now.
export function tidyPending(views) {
  const young = (view, stamp) => [...view.layers.drawn.boxes()].some((box) => !((view.layers.drawn.tile(box)?.stamp ?? -1) >= stamp));
  page.pending = page.pending.filter((stroke) => !stroke.since || young(views[stroke.view], stroke.since));
}

export function undo(name) {
  inOrder(async () => {
    await post(name);
    page.drawn += 1;
    redraw();
  });
}
