import { cleanup, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { PackingList } from "../src/api.ts";
import { App } from "../src/App.tsx";

const LIST: PackingList = {
  destination: "Lisbon",
  days: 4,
  items: [
    { name: "Passport or ID", quantity: 1, group: "Essentials" },
    { name: "Socks", quantity: 5, group: "Clothes" },
  ],
  notes: ["Dress in layers."],
};

/** Lets the API answer with this. */
function answering(status: number, body: unknown) {
  const ask = vi.fn<typeof fetch>(async () => new Response(JSON.stringify(body), { status }));
  vi.stubGlobal("fetch", ask);
  return ask;
}

async function makeList(destination = "Lisbon") {
  const user = userEvent.setup();
  render(<App />);
  const where = screen.getByLabelText("Where to?");
  await user.clear(where);
  if (destination) await user.type(where, destination);
  await user.click(screen.getByRole("button", { name: "Make my list" }));
  return user;
}

beforeEach(() => localStorage.clear());
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe("a trip", () => {
  test("is sent as the form says it", async () => {
    const ask = answering(200, LIST);
    const user = userEvent.setup();
    render(<App />);
    await user.type(screen.getByLabelText("Where to?"), "Lisbon");
    await user.click(screen.getByLabelText("City"));
    await user.click(screen.getByLabelText("Rain"));
    await user.clear(screen.getByLabelText("Coldest, °C"));
    await user.click(screen.getByLabelText("I can do laundry on the way"));
    await user.click(screen.getByRole("button", { name: "Make my list" }));
    const [address, request] = ask.mock.calls[0] ?? [];
    expect(address).toBe("/generate");
    expect(JSON.parse(String(request?.body))).toMatchObject({
      destination: "Lisbon",
      activities: ["city"],
      weather: { kind: "rain", low: null, high: 21 },
      laundry: true,
    });
  });

  test("becomes a list in groups, and the focus goes to it", async () => {
    answering(200, LIST);
    await makeList();
    const title = await screen.findByRole("heading", { name: "Your list for Lisbon" });
    expect(document.activeElement).toBe(title);
    expect(within(screen.getByRole("region", { name: "Clothes" })).getByLabelText(/Socks/)).toBeTruthy();
    expect(screen.getByText("Dress in layers.")).toBeTruthy();
    expect(screen.getByText(/0 of 2 packed/)).toBeTruthy();
  });

  test("is waited for in words, and only once", async () => {
    let answer: (response: Response) => void = () => undefined;
    const ask = vi.fn<typeof fetch>(() => new Promise((resolve) => (answer = resolve)));
    vi.stubGlobal("fetch", ask);
    const user = await makeList();
    expect(screen.getByRole("region", { name: "Your list" }).getAttribute("aria-busy")).toBe("true");
    expect(screen.getByText(/counting socks/)).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Making your list…" }));
    expect(ask).toHaveBeenCalledTimes(1);
    answer(new Response(JSON.stringify(LIST)));
    await screen.findByRole("heading", { name: "Your list for Lisbon" });
  });
});

describe("what went wrong", () => {
  test("in the trip is said at its field, which gets the focus", async () => {
    const problem = { field: "destination", problem: "is empty", expected: "a text of 1 to 80 characters" };
    answering(400, { error: "…", problems: [problem] });
    await makeList("");
    expect((await screen.findByRole("alert")).textContent).toContain("“Where to” is empty");
    const where = screen.getByLabelText("Where to?");
    expect(where.getAttribute("aria-invalid")).toBe("true");
    expect(document.getElementById(where.getAttribute("aria-describedby") ?? "")?.textContent).toContain("80 characters");
    expect(document.activeElement).toBe(where);
  });

  test.each([
    ["a failing API", async () => new Response('{"message":"Internal Server Error"}', { status: 500 }), "Sorry"],
    ["an answer that is no list", async () => new Response("<html>", { status: 200 }), "Sorry"],
    ["no connection", () => Promise.reject(new TypeError("offline")), "cannot be reached"],
  ])("%s: an apology, and the form still works", async (_, ask, says) => {
    vi.stubGlobal("fetch", vi.fn(ask));
    await makeList();
    expect((await screen.findByRole("alert")).textContent).toContain(says);
    expect(screen.getByRole("button", { name: "Make my list" }).getAttribute("aria-disabled")).toBe("false");
  });
});

describe("what is packed", () => {
  test("is remembered with the trip", async () => {
    answering(200, LIST);
    const user = await makeList();
    await user.click(await screen.findByLabelText(/Socks/));
    expect(screen.getByText(/1 of 2 packed/)).toBeTruthy();
    cleanup();
    render(<App />);
    expect(screen.getByLabelText<HTMLInputElement>(/Socks/).checked).toBe(true);
    expect(screen.getByLabelText<HTMLInputElement>("Where to?").value).toBe("Lisbon");
  });

  test("by nobody we know is forgotten", () => {
    localStorage.setItem("smartpack", '{"packed": "yesterday"}');
    render(<App />);
    expect(screen.getByText(/your list appears here/)).toBeTruthy();
  });

  test("works without storage, too", async () => {
    answering(200, LIST);
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    const user = await makeList();
    await user.click(await screen.findByLabelText(/Socks/));
    await waitFor(() => expect(screen.getByText(/1 of 2 packed/)).toBeTruthy());
  });
});

test("an older API's answer has no groups and no notes, and is a list all the same", async () => {
  answering(200, { destination: "Oslo", days: 1, items: [{ name: "Scarf", quantity: 1 }] });
  await makeList("Oslo");
  expect(await screen.findByRole("region", { name: "Everything" })).toBeTruthy();
  expect(screen.getByText(/1 day · 0 of 1 packed/)).toBeTruthy();
});
