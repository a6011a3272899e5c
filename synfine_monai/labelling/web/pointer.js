// Mouse, pen and fingers on a view.

import { page, redraw, refresh } from "./page.js";
import { beginStroke, endStroke, extendStroke, giveUpStroke } from "./painting.js";
import { indexAt, nearestWithStrokes } from "./strip.js";

const NOTCH = 60; // of a wheel, a slice

export function followPointers(view) {
  const { canvas } = view;
  const down = new Map(); // pointers that are down, where they were last
  canvas.addEventListener("pointerdown", (event) => press(view, down, event));
  canvas.addEventListener("pointermove", (event) => move(view, down, event));
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => lift(view, down, event));
  canvas.addEventListener("pointerleave", () => {
    view.hover = null;
    redraw();
  });
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  canvas.addEventListener("wheel", (event) => turn(view, event), { passive: false });
  canvas.addEventListener("blur", () => giveUpPen(view));
  view.strip.addEventListener("click", (event) => {
    const near = nearestWithStrokes(view, indexAt(view, event));
    if (near !== undefined) view.goTo(near);
  });
}

function giveUpPen(view) {
  if (view.pen) giveUpStroke(view);
  view.pen = false;
}

const place = (event) => [event.clientX, event.clientY];

function press(view, down, event) {
  view.canvas.focus({ preventScroll: true });
  view.canvas.setPointerCapture(event.pointerId);
  down.set(event.pointerId, place(event));
  giveUpPen(view);
  if (down.size > 1) giveUpStroke(view); // two fingers move
  else if (event.altKey) meet(view, view.voxel(event));
  else if (event.button === 0 && page.tool !== "move") beginStroke(view, view.voxel(event));
  event.preventDefault();
}

// All three views at one voxel.
export function meet(view, point) {
  if (!view.holds(point) || page.audit) return;
  page.at[view.rowAxis] = Math.round(point[0]);
  page.at[view.columnAxis] = Math.round(point[1]);
  refresh();
}

function move(view, down, event) {
  view.hover = event.pointerType === "touch" ? null : view.voxel(event);
  if (view.stroke && down.has(event.pointerId)) {
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const each of passed.length ? passed : [event]) extendStroke(view, view.voxel(each));
  } else if (down.has(event.pointerId)) {
    drag(view, down, event);
  }
  redraw();
}

function drag(view, down, event) {
  const [before, now] = [down.get(event.pointerId), place(event)];
  const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
  const ratio = (window.devicePixelRatio || 1) / (other ? 2 : 1);
  const [dx, dy] = [0, 1].map((k) => (now[k] - before[k]) * ratio);
  if (other) {
    const [was, is] = [before, now].map((p) => Math.hypot(p[0] - other[0], p[1] - other[1]));
    view.zoomAt(is / Math.max(1, was), view.voxel({ clientX: other[0], clientY: other[1] }));
  }
  view.look(view.zoom, [view.middle[0] - dy / (view.zoom * view.aspect), view.middle[1] - dx / view.zoom]);
  down.set(event.pointerId, now);
}

function lift(view, down, event) {
  down.delete(event.pointerId);
  if (event.type === "pointercancel") giveUpStroke(view);
  else endStroke(view);
}

function turn(view, event) {
  event.preventDefault();
  const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? NOTCH / 3 : 1);
  if (event.ctrlKey || event.metaKey) {
    view.zoomAt(Math.exp(-pixels / 300), view.voxel(event));
    return;
  }
  if (view.stroke) return; // a stroke stays on its slice
  view.turned = (view.turned || 0) + pixels;
  const steps = Math.trunc(view.turned / NOTCH);
  if (!steps) return;
  view.turned -= steps * NOTCH;
  view.goTo(view.index + steps);
}
