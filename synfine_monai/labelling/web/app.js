// The page begins here: admit this browser, build the views, and follow the session's state.

import { AXES, attempt, by, fail, note, onDraw, onShow, page, redraw, refresh } from "./page.js";
import { get, login, post } from "./server.js";
import { SliceView } from "./slice_view.js";
import { Queue } from "./tiles.js";
import { followPointers } from "./pointer.js";
import { inOrder, tidyPending } from "./painting.js";
import { answerWindow, beginAudit, fillRest, findAudit, leaveAudit } from "./audit.js";
import { buildHelp, followKeys, setRadius, undoOrRedo } from "./keys.js";
import { buildClasses, findSuggestions, goNext, show } from "./panel.js";

const AGAIN_MS = 1500;
const views = {};
const queues = { grey: new Queue(4), drawn: new Queue(3), predicted: new Queue(2) }; // browsers allow six at once

function draw() {
  if (!page.state) return;
  const all = Object.values(views);
  all.forEach((view) => view.draw());
  const wanted = { grey: true, drawn: page.strokes && !page.audit, predicted: page.overlay !== "none" && !page.audit && page.state.version >= 0 };
  for (const [kind, queue] of Object.entries(queues)) {
    const jobs = wanted[kind] ? all.flatMap((view) => view.layers[kind].jobs()) : [];
    queue.want(jobs.sort((a, b) => a.distance - b.distance));
  }
  tidyPending(views);
}

function showViews() {
  Object.values(views).forEach((view) => view.show());
}

function take(state) {
  const before = page.state;
  const drawing = ({ events, strokes, can_redo, slices_with_strokes }) => JSON.stringify([events, strokes, can_redo, slices_with_strokes]);
  page.state = state;
  if (!before) begin();
  else if (drawing(before) !== drawing(state)) {
    page.drawn += 1;
    page.mark = before.strokes < state.strokes ? null : page.mark;
  }
  const settled = state.status === "idle" && state.version !== page.audited;
  if (settled && !page.audit) {
    page.audited = state.version;
    findAudit();
  }
  findSuggestions();
  refresh();
}

function begin() {
  page.at = page.state.shape.map((n) => Math.floor(n / 2));
  Object.values(views).forEach((view) => view.begin());
  buildClasses();
  document.body.classList.add("ready");
}

async function follow() {
  for (;;) {
    try {
      take(await get("state", page.state ? { revision: page.state.revision } : {}));
      if (page.lost) fail("");
      page.lost = false;
    } catch (problem) {
      fail(problem);
      page.lost = true;
      if (problem.status === 401) return;
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  }
}

const onClick = (id, action) => by(id).addEventListener("click", action);
const onInput = (id, action) => by(id).addEventListener("input", () => {
  action(by(id));
  redraw();
});

function contrast(moved) {
  const [black, white] = [Number(by("black").value), Number(by("white").value)];
  page.contrast = moved.id === "black" ? [Math.min(black, 254), Math.max(white, black + 1)] : [Math.min(black, white - 1), Math.max(white, 1)];
  [by("black").value, by("white").value] = page.contrast;
}

function wire() {
  onClick("thinner", () => setRadius(-1));
  onClick("thicker", () => setRadius(1));
  onClick("undo", () => undoOrRedo("undo"));
  onClick("redo", () => undoOrRedo("redo"));
  onClick("go", () => goNext(views));
  onClick("save", () => inOrder(async () => note(`Saved: ${(await post("save")).path}`)));
  onClick("finish", () => inOrder(() => post("finish")));
  onClick("take-over", () => attempt(() => post("take_over")));
  onClick("audit-begin", () => beginAudit(views));
  onClick("audit-fill", fillRest);
  onClick("audit-done", () => answerWindow(views));
  onClick("audit-leave", () => leaveAudit(views));
  onClick("help-open", () => by("help").showModal());
  by("error").querySelector("button").addEventListener("click", () => fail(""));
  by("note").querySelector("button").addEventListener("click", () => note(""));
  onInput("strokes", (box) => (page.strokes = box.checked));
  onInput("opacity", (slider) => (page.opacity = Number(slider.value)));
  onInput("black", contrast);
  onInput("white", contrast);
  for (const name of ["tool", "overlay"]) by(name).addEventListener("change", (event) => {
    page[name] = event.target.value;
    refresh();
  });
  for (const button of document.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => {
    const { zoom } = button.dataset;
    if (zoom === "fit") views.xy.fit();
    else views.xy.zoomAt(Number(zoom));
  });
}

async function start() {
  for (const section of document.querySelectorAll(".view")) views[section.dataset.view] = new SliceView(section);
  console.assert(Object.keys(AXES).every((name) => views[name]));
  Object.values(views).forEach(followPointers);
  followKeys(views);
  buildHelp();
  wire();
  onShow(show);
  onShow(() => page.state && showViews());
  onDraw(draw);
  window.addEventListener("hashchange", () => location.hash && location.reload());
  if ((await attempt(async () => (await login()) ?? true)) === undefined) return;
  follow();
}

start();
