// The last list and what is packed already, kept in this browser: half-packed suitcases survive a reload.
const KEY = "smartpack";

export function remember(state) {
  try {
    localStorage.setItem(KEY, JSON.stringify(state));
  } catch {
    // Storage is full or forbidden. The list still works; it is only forgotten with the page.
  }
}

export function recall(use) {
  try {
    const state = JSON.parse(localStorage.getItem(KEY));
    if (state) use(state);
  } catch {
    localStorage.removeItem(KEY); // written by another version, or by nobody we know
  }
}
