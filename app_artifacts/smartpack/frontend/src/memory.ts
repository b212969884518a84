// The last list and what is packed already, kept in this browser: half-packed suitcases survive a reload.
import { isObject, isPackingList, type PackingList, type Trip } from "./api.ts";

const KEY = "smartpack";

export interface Memory {
  trip: Trip;
  answer: PackingList;
  packed: string[];
}

export function remember(memory: Memory): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(memory));
  } catch {
    // Storage is full or forbidden. The list still works; it is only forgotten with the page.
  }
}

/** What was remembered; null if nothing was, or if it was written by nobody we know. */
export function recall(): Memory | null {
  try {
    const memory: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    return isMemory(memory) ? memory : null;
  } catch {
    return null;
  }
}

function isMemory(value: unknown): value is Memory {
  if (!isObject(value) || !isPackingList(value["answer"]) || !Array.isArray(value["packed"])) return false;
  const trip = value["trip"];
  return isObject(trip) && isObject(trip["weather"]) && Array.isArray(trip["activities"]);
}
