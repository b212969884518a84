// The form's fields as a trip, and what they are called where a visitor reads it.
import type { Problem, Trip } from "./api.ts";

export const ACTIVITIES = ["beach", "business", "camping", "city", "cycling", "dinner", "hiking", "skiing", "swimming"];
export const WEATHER = ["sunny", "cloudy", "rain", "storm", "snow"];

const LABELS: Record<string, string> = {
  destination: "Where to",
  start: "From",
  end: "To",
  low: "Coldest",
  high: "Warmest",
};

/** A trip to begin with: a few days, a week from now. */
export function firstTrip(today = new Date()): Trip {
  return {
    destination: "",
    start: localDate(today, 7),
    end: localDate(today, 10),
    activities: [],
    weather: { kind: "sunny", low: 12, high: 21 },
    laundry: false,
  };
}

export function readTrip(form: HTMLFormElement): Trip {
  const fields = new FormData(form);
  const text = (name: string) => String(fields.get(name) ?? "");
  const degrees = (name: string) => (text(name) === "" ? null : Number(text(name)));
  return {
    destination: text("destination"),
    start: text("start"),
    end: text("end"),
    activities: fields.getAll("activities").map(String),
    weather: { kind: text("weather"), low: degrees("low"), high: degrees("high") },
    laundry: fields.has("laundry"),
  };
}

/** The name of the form's field that a problem is about: `low` of `weather.low`. */
export function fieldOf(problem: Problem): string {
  return problem.field.split(".").at(-1) ?? problem.field;
}

export function sentence(problem: Problem): string {
  const field = fieldOf(problem);
  return `“${LABELS[field] ?? field}” ${problem.problem}; please give ${problem.expected}.`;
}

export function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

function localDate(today: Date, daysFromNow: number): string {
  const day = new Date(today.getFullYear(), today.getMonth(), today.getDate() + daysFromNow);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}
