// The page: offers what the models can do, sends the form, follows the piece, shows its files.

const MODES = { continue: "Continue it", vary: "Vary it", accompany: "Accompany it" };
const STAGES = {
  queued: "Waiting", starting: "Starting", priming: "Reading your file", composing: "Composing",
  rendering: "Making the sound", done: "Done", failed: "That didn't work", cancelled: "Stopped",
};
const NAMES = { midi: "MIDI file", audio: "MP3", picture: "Picture" };
const byId = (id) => document.getElementById(id);
const form = byId("form");
const fields = form.elements;
const seed = byId("seed");
let models = [];
let limitBytes = 0;
let current = null;

function notice(sentence) {
  byId("notice").textContent = sentence ?? "";
  byId("notice").hidden = !sentence;
}

function fill(select, values, words = {}) {
  const kept = select.value;
  const first = select.name === "mode" ? [] : [new Option("open", "")];
  select.replaceChildren(...first, ...values.map((value) => new Option(words[value] ?? value, value)));
  select.value = values.includes(kept) ? kept : (select.name === "mode" ? values[0] ?? "" : "");
}

// Shows the fields that the chosen model knows; of all models together where none is chosen.
function offer() {
  const chosen = models.filter((model) => !fields.model.value || model.name === fields.model.value);
  const all = (name) => [...new Set(chosen.flatMap((model) => model[name]))];
  fill(fields.mode, Object.keys(MODES).filter((mode) => all("modes").includes(mode)), MODES);
  fields.mode.disabled = !seed.files.length;
  fill(fields.key, all("keys"));
  fill(fields.style, all("styles"));
  fill(fields.meter, all("meters"));
  for (const label of document.querySelectorAll("[data-control]")) {
    label.hidden = !all("controls").includes(label.dataset.control);
  }
  const one = chosen.length === 1 ? chosen[0] : null;
  byId("about").textContent = one ? [one.title, one.licence].filter(Boolean).join(" · ") : "";
}

function showSeed() {
  const [file] = seed.files;
  byId("seed-name").textContent = file ? file.name : "Drop a MIDI file here, or choose one";
  byId("clear").hidden = !file;
  const isLarge = file && limitBytes && file.size > limitBytes;
  notice(isLarge ? `The file is too large: send one of at most ${Math.floor(limitBytes / 1000)} kB.` : null);
  offer();
}

async function answer(response) {
  const said = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(said.sentence ?? "The server does not answer. Try again in a minute.");
  return said;
}

async function load() {
  try {
    const said = await answer(await fetch("/api/models"));
    ({ models, upload_limit_bytes: limitBytes } = said);
    fields.model.replaceChildren(
      new Option("the one that fits", ""),
      ...models.map((model) => new Option(`${model.name}: ${model.title}`, model.name)),
    );
    if (!models.length) notice("No worker is ready. Try again in a minute.");
  } catch (error) {
    notice(error.message);
  }
  offer();
}

async function compose(event) {
  event.preventDefault();
  notice(null);
  byId("compose").disabled = true;
  try {
    const data = new FormData(form);
    for (const [name, value] of [...data]) if (value === "" || (value instanceof File && !value.size)) data.delete(name);
    const { id } = await answer(await fetch("/api/pieces", { method: "POST", body: data }));
    follow(id);
  } catch (error) {
    notice(error.message);
    byId("compose").disabled = false;
  }
}

function follow(id) {
  current?.close();
  byId("piece").hidden = false;
  byId("result").hidden = true;
  byId("stop").hidden = false;
  byId("stop").onclick = () => fetch(`/api/pieces/${id}`, { method: "DELETE" });
  current = new EventSource(`/api/pieces/${id}/events`);
  current.onmessage = ({ data }) => show(id, JSON.parse(data));
}

function show(id, update) {
  const words = STAGES[update.stage] ?? "Working";
  const place = update.stage === "queued" && update.position > 1 ? `, number ${update.position} in line` : "";
  byId("state").textContent = update.sentence ?? words + place;
  byId("progress").value = update.fraction ?? 0;
  if (!update.is_final) return;
  current.close();
  byId("stop").hidden = true;
  byId("compose").disabled = false;
  if (update.files) showResult(id, update);
}

async function showResult(id, { files, model, notes, duration_s, random_seed, remarks, missed }) {
  byId("figures").textContent = `${notes} notes, ${duration_s} s, composed by ${model} (random seed ${random_seed})`;
  byId("downloads").replaceChildren(...files.map((name) => {
    const link = document.createElement("a");
    link.href = `/api/pieces/${id}/${name}?download`;
    link.textContent = `Download: ${NAMES[name]}`;
    return link;
  }));
  byId("remarks").replaceChildren(...[...remarks, ...missed].map((sentence) => {
    const item = document.createElement("li");
    item.textContent = sentence;
    return item;
  }));
  byId("result").hidden = false;
  byId("picture").hidden = !files.includes("picture");
  if (files.includes("picture")) {
    byId("picture").src = `/api/pieces/${id}/picture`;
    byId("picture").alt = `Piano roll of ${notes} notes over ${duration_s} seconds`;
  }
  byId("audio").hidden = !files.includes("audio");
  if (files.includes("audio")) {
    const sound = await fetch(`/api/pieces/${id}/audio`);
    URL.revokeObjectURL(byId("audio").src);
    byId("audio").src = URL.createObjectURL(await sound.blob());  // whole, so that it can be wound
  }
}

for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  byId("drop").addEventListener(name, (event) => {
    event.preventDefault();
    byId("drop").classList.toggle("over", name === "dragenter" || name === "dragover");
    if (name === "drop" && event.dataTransfer.files.length) {
      seed.files = event.dataTransfer.files;
      showSeed();
    }
  });
}
seed.addEventListener("change", showSeed);
byId("clear").addEventListener("click", () => { seed.value = ""; showSeed(); });
fields.model.addEventListener("change", offer);
form.addEventListener("submit", compose);
load();
