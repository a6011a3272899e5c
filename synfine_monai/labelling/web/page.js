// What the parts of the page share, and when they are drawn anew.

export const AXES = { xy: [0, 1, 2], xz: [1, 0, 2], yz: [2, 0, 1] }; // view -> axis across it, of its rows, of its columns
export const ERASER = 255;
export const RADII = [0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48];

export const page = {
  state: null, // as the server tells it
  at: [0, 0, 0], // z, y, x that the three views show
  label: 0,
  tool: "brush",
  radius: 3,
  overlay: "prediction",
  strokes: true,
  opacity: 0.45,
  contrast: [0, 255],
  drawn: 1, // grows with whatever changes what is drawn
  focus: null, // {view, row, column}: what is predicted first
  pending: [], // strokes that are painted here and not yet in the tiles
  suggestions: [],
  mark: null, // the suggestion that one went to
  audit: null, // the blind window that is being labelled
  found: null, // what the audit found
  audited: null, // the network that it was asked of
};

const drawers = [];
const showers = [];
let due = false;
let stale = false;

export const onDraw = (f) => drawers.push(f); // canvases, at most once a frame
export const onShow = (f) => showers.push(f); // all the rest

export function redraw() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    if (stale) {
      stale = false;
      showers.forEach((f) => f());
    }
    drawers.forEach((f) => f());
  });
}

export function refresh() {
  stale = true;
  redraw();
}

export const mayWrite = () => Boolean(page.state?.you_write) && !page.state.finish.running;
export const by = (id) => document.getElementById(id);
export const percent = (share) => `${(100 * share).toFixed(1)} %`;

function say(id, sentence) {
  const line = by(id);
  line.querySelector("span").textContent = sentence || "";
  line.hidden = !sentence;
}

export const fail = (problem) => say("error", problem && (problem.message || String(problem)));
export const note = (sentence) => say("note", sentence);

// Do something that may be refused, and say why it was.
export async function attempt(action) {
  try {
    const done = await action();
    fail("");
    return done;
  } catch (problem) {
    fail(problem);
    return undefined;
  }
}
