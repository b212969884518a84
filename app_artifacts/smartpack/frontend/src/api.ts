// The API, on this page's own origin. While a release goes out, any page may talk to any release's API: every field that
// came later may be missing in an answer.

export interface Trip {
  destination: string;
  start: string;
  end: string;
  activities: string[];
  weather: { kind: string; low: number | null; high: number | null };
  laundry: boolean;
}

export interface Item {
  name: string;
  quantity: number;
  group?: string;
}

export interface PackingList {
  destination: string;
  days: number;
  items: Item[];
  notes?: string[];
  plan?: { day: number; activity: string }[];
}

export interface Problem {
  field: string;
  problem: string;
  expected: string;
}

export type Answer =
  | { kind: "list"; list: PackingList }
  | { kind: "refused"; problems: Problem[] }
  | { kind: "failed" }
  | { kind: "unreachable" };

const PATIENCE = 15_000; // milliseconds until we stop waiting

/** Asks for the packing list of a trip; never throws, because whatever happens has to be said to the visitor. */
export async function ask(trip: Trip): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch("/generate", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(trip),
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch {
    return { kind: "unreachable" };
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.status === 200 && isPackingList(body)) return { kind: "list", list: body };
  if (response.status === 400) return { kind: "refused", problems: problemsOf(body) };
  return { kind: "failed" };
}

/** Whether this is a packing list, of whatever release: also asked of what the browser has kept. */
export function isPackingList(value: unknown): value is PackingList {
  return isObject(value) && typeof value["destination"] === "string" && Array.isArray(value["items"]);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function problemsOf(body: unknown): Problem[] {
  return isObject(body) && Array.isArray(body["problems"]) ? (body["problems"] as Problem[]) : [];
}
