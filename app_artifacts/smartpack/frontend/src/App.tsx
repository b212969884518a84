import { useEffect, useRef, useState } from "react";

import { ask, type Answer, type Problem, type Trip } from "./api.ts";
import { recall, remember, type Memory } from "./memory.ts";
import { Result, type State } from "./Result.tsx";
import suitcase from "./suitcase.svg";
import { fieldOf, firstTrip } from "./trip.ts";
import { TripForm } from "./TripForm.tsx";

const VERSION = document.querySelector<HTMLMetaElement>('meta[name="smartpack-version"]')?.content ?? "";

export function App() {
  const [remembered] = useState(recall);
  const [state, setState] = useState<State>(remembered ? listed(remembered) : { kind: "waiting" });
  const title = useRef<HTMLHeadingElement>(null);
  const form = useRef<HTMLFormElement>(null);
  const problems = state.kind === "refused" ? state.problems : [];

  async function submit(trip: Trip) {
    setState({ kind: "loading" });
    setState(after(trip, await ask(trip)));
  }

  function pack(names: string[]) {
    if (state.kind === "list") setState(listed({ trip: state.trip, answer: state.list, packed: names }));
  }

  useEffect(() => {
    if (state.kind === "list") remember({ trip: state.trip, answer: state.list, packed: state.packed });
  }, [state]);

  useEffect(() => {
    // Keyboard and screen reader go on where something has to be done or read.
    if (state.kind === "refused") focusFirst(form.current, state.problems);
    if (state.kind === "list" && state.fresh) title.current?.focus();
  }, [state]);

  return (
    <>
      <header className="hero">
        <img src={suitcase} alt="" width="56" height="56" />
        <div>
          <h1>SmartPack</h1>
          <p>A packing list that fits your trip and its weather.</p>
        </div>
      </header>
      <main>
        <TripForm
          first={remembered?.trip ?? firstTrip()}
          busy={state.kind === "loading"}
          problems={problems}
          onSubmit={submit}
          ref={form}
        />
        <Result state={state} onPack={pack} title={title} />
      </main>
      <footer>SmartPack {VERSION}</footer>
    </>
  );
}

function listed({ trip, answer, packed }: Memory): State {
  return { kind: "list", trip, list: answer, packed, fresh: false };
}

function after(trip: Trip, answer: Answer): State {
  return answer.kind === "list" ? { kind: "list", trip, list: answer.list, packed: [], fresh: true } : answer;
}

function focusFirst(form: HTMLFormElement | null, problems: Problem[]) {
  const wrong = new Set(problems.map(fieldOf));
  const field = [...(form?.elements ?? [])].find((one) => wrong.has(one.getAttribute("name") ?? ""));
  if (field instanceof HTMLElement) field.focus();
}
