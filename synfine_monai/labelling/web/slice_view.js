// One of the three views: a canvas with a slice, what lies over it, and a slider.

import { AXES, ERASER, page, redraw, refresh } from "./page.js";
import { greys, ofClasses, ofUncertainty } from "./colors.js";
import { Layer } from "./tiles.js";
import { drawScaleBar } from "./scale_bar.js";
import { drawStrip } from "./strip.js";

const OVER = { cross: "rgba(255, 200, 0, 0.45)", mark: "#ff5ca8", frame: "#ffd400", eraser: "rgba(255, 255, 255, 0.75)" };

export class SliceView {
  constructor(section) {
    this.name = section.dataset.view;
    this.section = section;
    [this.across, this.rowAxis, this.columnAxis] = AXES[this.name];
    this.canvas = section.querySelector(".picture");
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.strip = section.querySelector(".strip");
    this.slider = section.querySelector(".slider");
    this.output = section.querySelector("output");
    this.layers = Object.fromEntries(["grey", "drawn", "predicted"].map((kind) => [kind, new Layer(this, kind)]));
    this.cursor = null; // where the keyboard's brush is, [row, column]
    this.hover = null; // where the mouse's is
    this.stroke = null; // what is being painted
    this.fitted = true;
    new ResizeObserver(() => this.resize()).observe(this.canvas);
    this.slider.addEventListener("input", () => this.goTo(Number(this.slider.value)));
  }

  begin() {
    const { shape, voxel_size_um: size } = page.state;
    [this.count, this.rows, this.columns] = [shape[this.across], shape[this.rowAxis], shape[this.columnAxis]];
    this.size = size && size[this.columnAxis]; // µm
    this.aspect = size ? size[this.rowAxis] / size[this.columnAxis] : 1; // a row's height in columns' widths
    this.slider.max = this.count - 1;
    this.resize();
  }

  get index() {
    return page.at[this.across];
  }

  goTo(index) {
    if (page.audit || this.stroke) return; // a stroke stays on its slice
    page.at[this.across] = Math.max(0, Math.min(this.count - 1, Math.round(index)));
    refresh();
  }

  // where things are

  resize() {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.canvas;
    this.canvas.width = Math.max(1, Math.round(clientWidth * ratio));
    this.canvas.height = Math.max(1, Math.round(clientHeight * ratio));
    if (!this.rows) return;
    if (this.fitted) this.fit();
    redraw();
  }

  fit() {
    const zoom = Math.min(this.canvas.width / this.columns, this.canvas.height / (this.rows * this.aspect));
    this.look(zoom, [(this.rows - 1) / 2, (this.columns - 1) / 2]);
    this.fitted = true;
  }

  // Device pixels a column, and the voxel in the middle.
  look(zoom, middle) {
    this.fitted = false;
    this.zoom = Math.max(0.02, Math.min(64, zoom));
    this.middle = [Math.max(0, Math.min(this.rows - 1, middle[0])), Math.max(0, Math.min(this.columns - 1, middle[1]))];
    redraw();
  }

  zoomAt(factor, voxel) {
    const before = voxel || this.middle;
    const zoom = Math.max(0.02, Math.min(64, this.zoom * factor));
    const shrink = this.zoom / zoom;
    this.look(zoom, before.map((v, k) => v + (this.middle[k] - v) * shrink));
  }

  get corner() {
    const { width, height } = this.canvas;
    return [this.middle[0] + 0.5 - height / (2 * this.zoom * this.aspect), this.middle[1] + 0.5 - width / (2 * this.zoom)];
  }

  seen() {
    const [top, left] = this.corner;
    return [top, left, top + this.canvas.height / (this.zoom * this.aspect), left + this.canvas.width / this.zoom];
  }

  onScreen([row, column, rows, columns]) {
    const [top, left] = this.corner;
    const [x0, x1] = [column, column + columns].map((c) => Math.round((c - left) * this.zoom));
    const [y0, y1] = [row, row + rows].map((r) => Math.round((r - top) * this.zoom * this.aspect));
    return [x0, y0, x1 - x0, y1 - y0];
  }

  // The voxel under a pointer: whole numbers at voxel centres.
  voxel(event) {
    const { left, top, width } = this.canvas.getBoundingClientRect();
    const ratio = this.canvas.width / width;
    const [row, column] = this.corner;
    return [
      row + ((event.clientY - top) * ratio) / (this.zoom * this.aspect) - 0.5,
      column + ((event.clientX - left) * ratio) / this.zoom - 0.5,
    ];
  }

  holds([row, column]) {
    return row >= -0.5 && column >= -0.5 && row <= this.rows - 0.5 && column <= this.columns - 0.5;
  }

  // How far a box is from where one looks or painted last.
  distance([row, column, rows, columns]) {
    const focus = page.focus?.view === this.name ? [page.focus.row, page.focus.column] : this.middle;
    return Math.hypot(row + rows / 2 - focus[0], column + columns / 2 - focus[1]) + (page.focus && page.focus.view !== this.name ? 1e6 : 0);
  }

  // what is drawn

  draw() {
    const { context, canvas, layers } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#101214";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = this.zoom < 1;
    layers.grey.draw(context, greys(page.contrast), `grey ${page.contrast}`, 1);
    if (!page.audit) this.drawOver();
    else if (page.audit.view === this.name) this.drawWindow();
    this.drawCursor();
    drawScaleBar(this);
    drawStrip(this);
    this.tell();
  }

  drawOver() {
    const { context, layers } = this;
    const { classes } = page.state;
    if (page.overlay !== "none") {
      const colors = page.overlay === "prediction" ? ofClasses(classes) : ofUncertainty();
      layers.predicted.draw(context, colors, page.overlay, page.opacity);
    }
    if (page.strokes) {
      layers.drawn.draw(context, ofClasses(classes), "drawn", 0.85);
      page.pending.filter((s) => s.view === this.name && s.index === this.index).forEach((s) => this.drawStroke(s));
    }
    if (this.stroke) this.drawStroke(this.stroke);
    this.drawCross();
    this.drawMark();
  }

  // In voxels from here on: (column, row), whole numbers at voxel centres.
  inVoxels() {
    const [top, left] = this.corner;
    const [sx, sy] = [this.zoom, this.zoom * this.aspect];
    this.context.setTransform(sx, 0, 0, sy, (0.5 - left) * sx, (0.5 - top) * sy);
  }

  drawStroke({ label, radius, segments }) {
    const { context } = this;
    context.save();
    this.inVoxels();
    context.lineWidth = 2 * Math.max(radius, 0.5);
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = label === ERASER ? OVER.eraser : page.state.classes[label].color;
    context.globalAlpha = 0.85;
    context.beginPath();
    for (const points of segments) {
      points.forEach(([row, column], i) => (i ? context.lineTo(column, row) : context.moveTo(column, row)));
      if (points.length === 1) context.lineTo(points[0][1] + 1e-3, points[0][0]);
    }
    context.stroke();
    context.restore();
  }

  drawCross() {
    const { context, canvas } = this;
    const [x, y] = this.onScreen([page.at[this.rowAxis] + 0.5, page.at[this.columnAxis] + 0.5, 0, 0]);
    context.fillStyle = OVER.cross;
    context.fillRect(x, 0, 1, canvas.height);
    context.fillRect(0, y, canvas.width, 1);
  }

  drawMark() {
    const { mark } = page;
    if (!mark || mark.view !== this.name || mark.index !== this.index) return;
    const side = mark.size || 32;
    const place = this.onScreen([mark.row - side / 2, mark.col - side / 2, side, side]);
    this.context.strokeStyle = OVER.mark;
    this.context.lineWidth = 2 * (window.devicePixelRatio || 1);
    this.context.strokeRect(...place);
  }

  drawWindow() {
    const { box, canvas } = page.audit;
    const place = this.onScreen(box);
    this.context.globalAlpha = page.opacity;
    this.context.drawImage(canvas, ...place);
    this.context.globalAlpha = 1;
    this.context.strokeStyle = OVER.frame;
    this.context.lineWidth = 2 * (window.devicePixelRatio || 1);
    this.context.strokeRect(...place);
  }

  drawCursor() {
    const at = this.hover || (document.activeElement === this.canvas && this.cursor);
    if (!at || page.tool === "move") return;
    const { context } = this;
    const [x, y] = this.onScreen([at[0] + 0.5, at[1] + 0.5, 0, 0]);
    const radius = Math.max(page.radius, 0.5) * this.zoom;
    for (const [color, width] of [["rgba(0, 0, 0, 0.7)", 3], ["#fff", 1.2]]) {
      context.strokeStyle = color;
      context.lineWidth = width * (window.devicePixelRatio || 1);
      context.beginPath();
      context.ellipse(x, y, Math.max(2, radius), Math.max(2, radius * this.aspect), 0, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  // What a test or a script may read of the picture.
  tell() {
    const [top, left] = this.corner;
    const { predicted, drawn } = this.layers;
    Object.assign(this.canvas.dataset, {
      index: this.index, top, left, zoom: this.zoom, aspect: this.aspect,
      drawn: drawn.allFresh() ? page.state.strokes : "",
      version: !page.audit && page.overlay !== "none" && predicted.allFresh() ? page.state.version : "",
    });
  }

  show() {
    const carries = page.state.slices_with_strokes[this.name].includes(this.index) && !page.audit;
    const words = `${this.index} of 0–${this.count - 1}${carries ? ", with strokes" : ""}`;
    this.output.textContent = words;
    this.slider.value = this.index;
    this.slider.disabled = Boolean(page.audit);
    this.slider.setAttribute("aria-label", `Slice ${this.name}`);
    this.slider.setAttribute("aria-valuetext", words);
    this.canvas.setAttribute("aria-label", `Slice ${this.name} ${words}`);
  }
}
