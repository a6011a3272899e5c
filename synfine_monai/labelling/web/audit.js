// Windows drawn at random and labelled blind: nothing lies over the slice but what is painted here.

import { along } from "./brush.js";
import { ofClasses } from "./colors.js";
import { ERASER, by, fail, mayWrite, page, redraw, refresh } from "./page.js";
import { get, post } from "./server.js";
import { inOrder } from "./painting.js";

const AROUND = 2; // the picture shows so many sides of the window

export async function findAudit() {
  try {
    const { audit } = await get("audit");
    if (audit !== undefined) page.found = audit;
    else page.audited = null; // ask once more, with the next state
  } catch (problem) {
    fail(problem);
  }
  refresh();
}

export function beginAudit(views) {
  if (!page.audit && mayWrite()) inOrder(() => nextWindow(views));
}

async function nextWindow(views) {
  const { id, view, index, box } = await post("audit_window");
  const canvas = Object.assign(document.createElement("canvas"), { width: box[3], height: box[2] });
  const labels = new Uint8Array(box[2] * box[3]).fill(ERASER);
  page.before ||= [...page.at];
  page.audit = { id, view, index, box, labels, canvas, undone: [] };
  document.body.classList.add("auditing");
  const shown = views[view];
  const [row, column, rows, columns] = box;
  const middle = [row + (rows - 1) / 2, column + (columns - 1) / 2];
  [page.at[shown.across], page.at[shown.rowAxis], page.at[shown.columnAxis]] = [index, ...middle.map(Math.round)];
  const zoom = Math.min(shown.canvas.width / columns, shown.canvas.height / (rows * shown.aspect)) / AROUND;
  shown.look(zoom, middle);
  shown.cursor = middle.map(Math.round);
  shown.canvas.focus({ preventScroll: true });
  paintCanvas();
}

export function leaveAudit(views) {
  if (!page.audit) return;
  const shown = views[page.audit.view];
  page.audit = null;
  page.at = page.before;
  page.before = null;
  document.body.classList.remove("auditing");
  shown.fit();
  refresh();
  findAudit();
}

// The last piece of a stroke, or a point.
export function paintWindow(stroke, points) {
  const { audit } = page;
  if (stroke.view !== audit.view) return;
  if (!stroke.kept) audit.undone.push(audit.labels.slice());
  stroke.kept = true;
  const [row, column, rows, columns] = audit.box;
  const inside = points.map(([r, c]) => [r - row, c - column]);
  along(inside, stroke.radius, [rows, columns], (r, c) => (audit.labels[r * columns + c] = stroke.label));
  paintCanvas();
}

export function undoInWindow() {
  const before = page.audit.undone.pop();
  if (before) page.audit.labels.set(before);
  paintCanvas();
}

export function fillRest() {
  const { audit } = page;
  if (!audit) return;
  audit.undone.push(audit.labels.slice());
  audit.labels.forEach((label, i) => label === ERASER && (audit.labels[i] = page.label));
  paintCanvas();
}

export function answerWindow(views) {
  if (!page.audit) return;
  inOrder(async () => {
    const { id, labels, box } = page.audit;
    const rows = Array.from({ length: box[2] }, (_, r) => [...labels.subarray(r * box[3], (r + 1) * box[3])]);
    await post("audit_answer", { id, labels: rows });
    await nextWindow(views);
  });
}

function paintCanvas() {
  const { canvas, labels } = page.audit;
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  const colors = ofClasses(page.state.classes);
  new Uint32Array(image.data.buffer).set(Array.from(labels, (label) => colors[label]));
  context.putImageData(image, 0, 0);
  refresh();
}

export function showAudit() {
  const { audit } = page;
  by("audit-off").hidden = Boolean(audit);
  by("audit-on").hidden = !audit;
  if (!audit) return;
  const open = audit.labels.reduce((sum, label) => sum + (label === ERASER), 0);
  const left = open ? `${open.toLocaleString("en")} voxels are open` : "every voxel has a label";
  const told = `Window ${audit.id}, blind: label every voxel of rock in the frame; ${left}.`;
  if (by("audit-told").textContent !== told) by("audit-told").textContent = told;
  by("audit-fill").firstChild.textContent = `Fill the rest with ${page.state.classes[page.label].name} `;
}
