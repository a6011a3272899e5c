// The shares of the phases, and how far they can be trusted.

import { by, page, percent } from "./page.js";

// The interval in points: ± where both sides are alike, its ends where they are not.
function give({ share, low, high }) {
  const alike = Math.abs(high - share - (share - low)) < 0.001;
  return alike ? `± ${(50 * (high - low)).toFixed(1)}` : `(${(100 * low).toFixed(1)}–${(100 * high).toFixed(1)})`;
}

function rowOf(name, color, share, reach, strokes) {
  const row = document.createElement("tr");
  const head = Object.assign(document.createElement("th"), { scope: "row" });
  const swatch = Object.assign(document.createElement("i"), { className: "swatch" });
  if (color) swatch.style.backgroundColor = color;
  head.append(swatch, name);
  row.append(head);
  for (const text of [`${share} ${reach}`.trim(), strokes]) row.append(Object.assign(document.createElement("td"), { textContent: text }));
  return row;
}

export function showNumbers() {
  const { state, found } = page;
  const phases = found?.phases || {};
  const guessed = state.shares?.shares || {};
  const of = (name) => {
    if (phases[name]) return [percent(phases[name].share), give(phases[name])];
    return guessed[name] ? [percent(guessed[name].share), ""] : ["–", ""];
  };
  const rows = state.classes.map(({ name, color }) => rowOf(name, color, ...of(name), state.strokes_per_class[name]));
  for (const name of Object.keys(phases)) {
    if (!(name in state.strokes_per_class)) rows.push(rowOf(name, "", ...of(name), ""));
  }
  by("numbers").querySelector("tbody").replaceChildren(...rows);
  by("known").textContent = known(state, found);
}

function known(state, found) {
  if (found) {
    const pores = found.phases["pore space"] || Object.values(found.phases)[0];
    const needed = pores.needed === null ? "" : `; windows to ± 0.2 points: ${Math.ceil(pores.needed)} in all`;
    return `95 % intervals in points, n = ${found.used} windows labelled blind (of ${found.windows})${needed}.`;
  }
  if (!state.shares) return "They come when the network has looked around.";
  return `As the network sees ${state.shares.regions} places drawn at random. No interval: nobody has audited it.`;
}
