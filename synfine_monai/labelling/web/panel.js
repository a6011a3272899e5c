// What stands beside the slices: status, classes, tools, suggestions, results.

import { by, fail, mayWrite, note, page, refresh } from "./page.js";
import { get } from "./server.js";
import { showNumbers } from "./numbers.js";
import { showAudit } from "./audit.js";

export function buildClasses() {
  const made = page.state.classes.map(({ index, name, color }) => {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { type: "radio", name: "class", value: index });
    const swatch = Object.assign(document.createElement("i"), { className: "swatch" });
    swatch.style.backgroundColor = color;
    const text = document.createElement("span");
    text.append(swatch, name);
    if (index < 9) text.append(" ", Object.assign(document.createElement("kbd"), { textContent: index + 1 }));
    input.addEventListener("change", () => choose(index));
    label.append(input, text);
    return label;
  });
  by("classes").append(...made);
}

// Paint this class from now on.
export function choose(label) {
  if (!page.state.classes[label]) return;
  page.label = label;
  if (page.tool !== "brush") page.tool = "brush";
  refresh();
}

function status({ status: doing, version, message, finish, progress }) {
  const share = finish.running ? finish.share : progress;
  const words = {
    loading: "Loading the network",
    training: "Learning from the strokes",
    finishing: "Finishing",
    idle: version > 0 ? `Network ${version} is shown` : "Paint some strokes of each class",
  };
  const what = finish.running ? `Finishing: ${finish.what || message}` : words[doing] || doing;
  return [doing === "idle" && message ? `${what}; ${message}` : what, finish.running || doing === "training" || doing === "loading", share];
}

function showStatus() {
  const [words, busy, share] = status(page.state);
  if (by("status").textContent !== words) by("status").textContent = words;
  by("progress").hidden = !busy;
  if (share === null || share === undefined) by("progress").removeAttribute("value");
  else by("progress").value = share;
}

function showWho() {
  by("looking").hidden = page.state.you_write;
  by("take-over").hidden = !page.state.writer_is_gone;
  document.querySelectorAll(".writes").forEach((button) => (button.disabled = !mayWrite()));
  by("undo").disabled = !mayWrite() || !(page.audit ? page.audit.undone.length : page.state.strokes);
  by("redo").disabled = !mayWrite() || Boolean(page.audit) || !page.state.can_redo;
  if (page.audit) ["save", "finish"].forEach((id) => (by(id).disabled = true));
}

function showTools() {
  for (const [name, value] of [["tool", page.tool], ["overlay", page.overlay], ["class", String(page.label)]]) {
    for (const input of document.querySelectorAll(`input[name=${name}]`)) input.checked = input.value === value;
  }
  by("radius").textContent = `${2 * page.radius} voxels wide`;
  by("strokes").checked = page.strokes;
}

let told = "";
function showFinish() {
  const { running, path, error } = page.state.finish;
  const now = running ? "" : error || path || "";
  if (now === told) return;
  told = now;
  if (error) fail(error);
  else if (path) note(`Finished. The segmented scan and the report are in ${path}`);
}

export function show() {
  if (!page.state) return;
  by("name").textContent = page.state.name;
  document.title = `${page.state.name} – synfine label`;
  [showStatus, showWho, showTools, showNumbers, showAudit, showFinish, showNext].forEach((f) => f());
}

// Where to go next

let asked = "";
export async function findSuggestions() {
  const { events, strokes, version, status: doing, shares } = page.state;
  const looked = Math.round(Math.log2((shares?.regions || 0) + 1)); // new ones now and then, as more was looked at
  const key = [events ?? strokes, version, looked].join(" ");
  if (key === asked || doing !== "idle" || version < 0 || page.audit) return;
  asked = key;
  try {
    page.suggestions = (await get("suggestions")).suggestions;
  } catch (problem) {
    asked = "";
    fail(problem);
  }
  refresh();
}

function showNext() {
  const [first] = page.suggestions;
  by("go").disabled = !first;
  const words = page.mark ? `Here: ${page.mark.reason}.` : first && `${first.view} ${first.index}: ${first.reason}.`;
  if (words && by("reason").textContent !== words) by("reason").textContent = words;
}

export function goNext(views) {
  const place = page.suggestions.shift();
  if (!place || page.audit) return;
  page.suggestions.push(place); // round and round, until there are others
  page.mark = place;
  const view = views[place.view];
  [page.at[view.across], page.at[view.rowAxis], page.at[view.columnAxis]] = [place.index, place.row, place.col];
  view.cursor = [place.row, place.col];
  view.look(Math.max(view.zoom, Math.min(view.canvas.width, view.canvas.height) / 160), [place.row, place.col]);
  page.focus = { view: place.view, row: place.row, column: place.col };
  view.canvas.focus({ preventScroll: true });
  refresh();
}
