// The form: reads a trip, asks the API of the same origin, and shows the list or what went wrong.
import { recall, remember } from "./memory.js";
import { element, showList } from "./list.js";

const ACTIVITIES = ["beach", "business", "camping", "city", "cycling", "dinner", "hiking", "skiing", "swimming"];
const WEATHER = ["sunny", "cloudy", "rain", "storm", "snow"];
const LABELS = { destination: "Where to", start: "From", end: "To", low: "Coldest", high: "Warmest" };
const PATIENCE = 15_000; // milliseconds until we stop waiting for the API

const form = document.querySelector("#trip");
const list = document.querySelector("#list");
const title = document.querySelector("#result-title");
const button = form.querySelector("button");

function addChips(holder, type, name, words) {
  for (const [index, word] of words.entries()) {
    const input = element("input", { type, name, value: word, checked: type === "radio" && index === 0 });
    const label = element("span", { textContent: word[0].toUpperCase() + word.slice(1) });
    holder.append(element("label", { className: "chip" }, input, label));
  }
}

function localDate(daysFromNow) {
  const day = new Date();
  day.setDate(day.getDate() + daysFromNow);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

function readTrip() {
  const fields = new FormData(form);
  const degrees = (name) => (fields.get(name) === "" ? null : Number(fields.get(name)));
  return {
    destination: fields.get("destination"),
    start: fields.get("start"),
    end: fields.get("end"),
    activities: fields.getAll("activities"),
    weather: { kind: fields.get("weather"), low: degrees("low"), high: degrees("high") },
    laundry: fields.has("laundry"),
  };
}

async function ask(trip) {
  const response = await fetch("/generate", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(trip),
    signal: AbortSignal.timeout(PATIENCE),
  });
  const answer = await response.json().catch(() => ({}));
  return { status: response.status, answer };
}

function markProblems(problems) {
  const wrong = new Set(problems.map((problem) => problem.field.split(".").pop()));
  for (const input of form.querySelectorAll(".field input")) input.setAttribute("aria-invalid", wrong.has(input.name));
  form.querySelector('[aria-invalid="true"]')?.focus();
}

function showError(message, problems = []) {
  const label = (field) => LABELS[field.split(".").pop()] ?? field;
  const lines = problems.map(({ field, problem, expected }) =>
    element("li", { textContent: `“${label(field)}” ${problem}; please give ${expected}.` }));
  const box = element("div", { className: "error", role: "alert" }, element("strong", { textContent: message }));
  if (lines.length) box.append(element("ul", {}, ...lines));
  list.replaceChildren(box);
}

function showAnswer(trip, answer, packed = []) {
  title.textContent = `Your list for ${answer.destination}`;
  showList(list, answer, packed, (names) => remember({ trip, answer, packed: names }));
}

async function submit(event) {
  event.preventDefault();
  const trip = readTrip();
  button.disabled = true;
  title.textContent = "Your list";
  list.replaceChildren(element("div", { className: "loading" }, element("div", { className: "spinner" }), "Folding, rolling, counting socks…"));
  try {
    const { status, answer } = await ask(trip);
    markProblems(answer.problems ?? []);
    if (status === 200) {
      showAnswer(trip, answer);
      title.focus();
    } else if (status === 400) {
      showError("Something about the trip is not clear yet.", answer.problems);
    } else {
      showError("Sorry, we could not make your list. Please try again in a minute.");
    }
  } catch {
    showError("We cannot be reached. Are you online? Please try again.");
  } finally {
    button.disabled = false;
  }
}

function fill({ trip, answer, packed }) {
  for (const [name, value] of Object.entries({ ...trip, ...trip.weather })) {
    const input = form.elements[name];
    if (input instanceof HTMLInputElement) input[input.type === "checkbox" ? "checked" : "value"] = value;
  }
  for (const box of form.querySelectorAll("[name=activities]")) box.checked = trip.activities.includes(box.value);
  for (const dot of form.querySelectorAll("[name=weather]")) dot.checked = dot.value === trip.weather.kind;
  showAnswer(trip, answer, packed);
}

addChips(form.querySelector("[data-chips=activities]"), "checkbox", "activities", ACTIVITIES);
addChips(form.querySelector("[data-chips=weather]"), "radio", "weather", WEATHER);
form.elements.start.value = localDate(7);
form.elements.end.value = localDate(10);
form.addEventListener("submit", submit);
recall(fill);
