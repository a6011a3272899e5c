// All that a key does. The list in the help is made from the same table.

import { RADII, by, page, redraw, refresh } from "./page.js";
import { answerWindow, beginAudit, fillRest, leaveAudit, undoInWindow } from "./audit.js";
import { beginStroke, endStroke, extendStroke, giveUpStroke, undo } from "./painting.js";
import { choose, goNext } from "./panel.js";
import { meet } from "./pointer.js";
import { nearestWithStrokes } from "./strip.js";

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const SLICES = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10, Home: -1e9, End: 1e9 };

export function setRadius(step) {
  const at = RADII.findIndex((radius) => radius >= page.radius);
  page.radius = RADII[Math.max(0, Math.min(RADII.length - 1, at + step))];
  refresh();
}

const set = (name, value) => () => {
  page[name] = value;
  refresh();
};

const toggleOverlay = (name) => () => {
  page.overlay = page.overlay === name ? "none" : name;
  refresh();
};

export function undoOrRedo(name) {
  if (!page.audit) undo(name);
  else if (name === "undo") undoInWindow();
}

// [keys, what the help says, what is done with (view, views)]
const TABLE = [
  [["b"], "brush", set("tool", "brush")],
  [["e"], "eraser", set("tool", "eraser")],
  [["m"], "move the slice with the mouse", set("tool", "move")],
  [["+", "="], "thicker brush", () => setRadius(1)],
  [["-"], "thinner brush", () => setRadius(-1)],
  [["z"], "undo", () => undoOrRedo("undo")],
  [["y"], "redo", () => undoOrRedo("redo")],
  [["n"], "go there next", (view, views) => goNext(views)],
  [["["], "slice with strokes before this one", (view) => jump(view, -1)],
  [["]"], "slice with strokes after this one", (view) => jump(view, 1)],
  [["p"], "prediction on and off", toggleOverlay("prediction")],
  [["u"], "unsure places on and off", toggleOverlay("uncertainty")],
  [["s"], "strokes on and off", () => set("strokes", !page.strokes)()],
  [["."], "zoom in", (view) => view.zoomAt(1.5, view.cursor)],
  [[","], "zoom out", (view) => view.zoomAt(1 / 1.5, view.cursor)],
  [["0"], "show the whole slice", (view) => view.fit()],
  [["x"], "all views at the keyboard's brush", (view) => view.cursor && meet(view, view.cursor)],
  [["a"], "label blind windows", (view, views) => beginAudit(views)],
  [["f"], "blind window: fill the rest", () => fillRest()],
  [["d"], "blind window: done, the next one", (view, views) => answerWindow(views)],
  [["?"], "these keys", () => by("help").showModal()],
];

const ON_A_VIEW = [
  ["1 … 9", "class"],
  ["← ↓ ↑ →", "slices; Page Up and Down: ten, Home and End: first and last"],
  ["Shift + arrows", "move the keyboard's brush"],
  ["Enter", "brush down, brush up"],
  ["Esc", "give a stroke up; end blind windows"],
];

export function buildHelp() {
  const lines = [...ON_A_VIEW, ...TABLE.map(([keys, words]) => [keys[0], words])];
  const made = lines.flatMap(([keys, words]) => {
    const term = document.createElement("dt");
    term.append(Object.assign(document.createElement("kbd"), { textContent: keys.length === 1 ? keys.toUpperCase() : keys }));
    return [term, Object.assign(document.createElement("dd"), { textContent: words })];
  });
  by("keys").append(...made);
}

function jump(view, direction) {
  const found = nearestWithStrokes(view, view.index, direction);
  if (found !== undefined) view.goTo(found);
}

function moveCursor(view, [rows, columns]) {
  const step = Math.max(1, Math.round(page.radius));
  const [row, column] = view.cursor || view.middle.map(Math.round);
  const limit = (v, most) => Math.max(0, Math.min(most - 1, v));
  view.cursor = [limit(row + rows * step, view.rows), limit(column + columns * step, view.columns)];
  const [top, left, bottom, right] = view.seen();
  const out = view.cursor[0] < top || view.cursor[0] > bottom || view.cursor[1] < left || view.cursor[1] > right;
  if (out) view.look(view.zoom, view.cursor);
  if (view.pen) extendStroke(view, view.cursor);
  view.hover = null;
  redraw();
}

function pen(view) {
  view.cursor ||= view.middle.map(Math.round);
  if (view.pen) endStroke(view);
  else beginStroke(view, view.cursor);
  view.pen = Boolean(view.stroke);
}

function escape(view, views) {
  if (view.pen || view.stroke) giveUpStroke(view);
  else leaveAudit(views);
  view.pen = false;
}

// What only works on a view that has the focus, or on the page; whether it was one of these.
function onView(event, view, views) {
  const { key } = event;
  if (event.shiftKey && MOVES[key]) moveCursor(view, MOVES[key]);
  else if (SLICES[key] && !event.shiftKey && !view.pen) view.goTo(view.index + SLICES[key]);
  else if (key === "Enter" && event.target === view.canvas) pen(view);
  else return false;
  return true;
}

export function followKeys(views) {
  const viewOf = (target) => Object.values(views).find((view) => view.canvas === target) || views.xy;
  document.addEventListener("keydown", (event) => {
    if (by("help").open || !page.state) return;
    const view = viewOf(event.target);
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const free = event.target === document.body || event.target === view.canvas;
    if (event.ctrlKey || event.metaKey || event.altKey) {
      if (event.altKey || !["z", "y"].includes(key)) return;
      undoOrRedo(key === "y" || event.shiftKey ? "redo" : "undo");
    } else if (/^[1-9]$/.test(key)) choose(Number(key) - 1);
    else if (key === "Escape") escape(view, views);
    else if (!(free && onView(event, view, views))) {
      const entry = TABLE.find(([keys]) => keys.includes(key));
      if (!entry) return;
      entry[2](view, views);
    }
    event.preventDefault();
  });
}
