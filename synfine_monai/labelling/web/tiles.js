// Slices in square parts: asked for when they are seen, kept for a while, coloured here.

import { darker } from "./colors.js";
import { getTile } from "./server.js";
import { ERASER, fail, page, redraw } from "./page.js";

const AGAIN_MS = { given_up: 150, refused: 2000 };

// Does the most urgent jobs, a few at a time; what is no longer wanted is given up.
export class Queue {
  constructor(limit) {
    this.limit = limit;
    this.running = new Map();
  }

  want(jobs) {
    const keys = new Set(jobs.map((job) => job.key));
    for (const [key, control] of this.running) {
      if (!keys.has(key)) {
        control.abort();
        this.running.delete(key);
      }
    }
    for (const job of jobs) {
      if (this.running.size >= this.limit) return;
      if (!this.running.has(job.key)) this.start(job);
    }
  }

  async start(job) {
    const control = new AbortController();
    this.running.set(job.key, control);
    try {
      await job.run(control.signal);
    } catch (problem) {
      if (problem.name !== "AbortError") fail(problem);
    }
    if (this.running.get(job.key) === control) this.running.delete(job.key);
    redraw();
  }
}

const STAMPS = { grey: () => 0, drawn: () => page.drawn, predicted: () => page.state.version };
const SIDES = { grey: 512, drawn: 512, predicted: 256 };
const KEPT = { grey: 24, drawn: 12, predicted: 64 }; // and what is seen; a side of 512 takes 1.3 MB

// One kind of tiles of one view.
export class Layer {
  constructor(view, kind) {
    this.view = view;
    this.kind = kind;
    this.side = SIDES[kind];
    this.kept = new Map();
  }

  get stamp() {
    return STAMPS[this.kind]();
  }

  // First row and column, rows and columns of the parts that are seen.
  *boxes() {
    const { side } = this;
    const { rows, columns } = this.view;
    const [top, left, bottom, right] = this.view.seen();
    for (let r = Math.max(0, Math.floor(top / side) * side); r < Math.min(rows, bottom); r += side) {
      for (let c = Math.max(0, Math.floor(left / side) * side); c < Math.min(columns, right); c += side) {
        yield [r, c, Math.min(side, rows - r), Math.min(side, columns - c)];
      }
    }
  }

  tile(box) {
    return this.kept.get(`${this.view.index} ${box}`);
  }

  isFresh(box) {
    return (this.tile(box)?.stamp ?? -2) >= this.stamp; // what is newer than the last state is fresh
  }

  allFresh() {
    return [...this.boxes()].every((box) => this.isFresh(box));
  }

  jobs() {
    const now = performance.now();
    const missing = [...this.boxes()].filter((box) => !this.isFresh(box) && !(this.tile(box)?.not_before > now));
    return missing.map((box) => ({
      key: [this.kind, this.view.name, this.view.index, box, this.stamp].join(" "),
      distance: this.view.distance(box),
      run: (signal) => this.load(box, this.view.index, this.stamp, signal),
    }));
  }

  async load(box, index, stamp, signal) {
    const key = `${index} ${box}`;
    try {
      const got = await getTile(this.kind, this.view.name, index, box, signal);
      if (got === null) return this.later(key, AGAIN_MS.given_up);
      this.keep(key, { ...got, stamp: this.kind === "predicted" ? got.version : stamp, style: null });
    } catch (problem) {
      if (problem.name !== "AbortError") this.later(key, AGAIN_MS.refused);
      throw problem;
    }
    return undefined;
  }

  later(key, wait) {
    this.kept.set(key, { ...(this.kept.get(key) || { stamp: null }), not_before: performance.now() + wait });
    setTimeout(redraw, wait + 10);
  }

  keep(key, tile) {
    this.kept.delete(key);
    this.kept.set(key, tile);
    const most = Math.max(KEPT[this.kind], [...this.boxes()].length + 8);
    for (const old of this.kept.keys()) {
      if (this.kept.size <= most) return;
      this.kept.delete(old);
    }
  }

  draw(context, colors, style, alpha) {
    for (const box of this.boxes()) {
      const tile = this.tile(box);
      if (!tile?.bytes) continue;
      if (tile.style !== style) colour(tile, colors, style);
      context.globalAlpha = this.isFresh(box) ? alpha : alpha * 0.4;
      context.drawImage(tile.canvas, ...this.view.onScreen(box));
    }
    context.globalAlpha = 1;
  }
}

function colour(tile, colors, style) {
  const { rows, columns } = tile;
  const begin = style.startsWith("uncertainty") ? rows * columns : 0; // labels come first
  tile.canvas ||= Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  const context = tile.canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = colors[tile.bytes[begin + i]];
  if (style === "drawn") darkenEdges(pixels, tile.bytes, columns);
  context.putImageData(image, 0, 0);
  tile.style = style;
}

// Grey strokes are to be seen on grey rock.
function darkenEdges(pixels, labels, columns) {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (label === ERASER) continue;
    const beside = [i - 1, i + 1, i - columns, i + columns];
    if (beside.some((k) => k in labels && labels[k] !== label)) pixels[i] = darker(pixels[i]);
  }
}
