// What is asked of the server. Every answer that is not good becomes an Error with the server's sentence.

export class Refusal extends Error {
  constructor(sentence, status) {
    super(sentence);
    this.status = status;
  }
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", ...options });
  } catch (problem) {
    if (problem.name === "AbortError") throw problem;
    throw new Refusal("The server does not answer: start 'synfine label' again. Every stroke that was painted is kept.", 0);
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({}));
  throw new Refusal(said.error || `The server answered ${answer.status}.`, answer.status);
}

export async function get(name, query = {}, signal = undefined) {
  const answer = await ask(`/api/${name}?${new URLSearchParams(query)}`, { signal });
  return answer.status === 204 ? {} : answer.json(); // 204: given up for something that is more urgent
}

export async function post(name, body = {}) {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return (await ask(`/api/${name}`, options)).json();
}

// Bytes of a tile with its shape and version, or null where the server gave it up for others.
export async function getTile(kind, view, index, box, signal) {
  const answer = await ask(`/api/tile?${new URLSearchParams({ kind, view, index, box })}`, { signal });
  if (answer.status === 204) return null;
  const [rows, columns] = answer.headers.get("x-shape").split(",").map(Number);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return { bytes, rows, columns, version: Number(answer.headers.get("x-version")) };
}

// The token of the address against a cookie; it is taken out of the address, so that no history keeps it.
export async function login() {
  const token = location.hash.slice(1);
  if (!token) return;
  history.replaceState(null, "", location.pathname);
  await post("login", { token });
}
