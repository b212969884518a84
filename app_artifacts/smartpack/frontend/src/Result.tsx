// The right-hand card: what there is to say about the list, in every state.
import type { RefObject } from "react";

import type { PackingList as List, Problem, Trip } from "./api.ts";
import { PackingList } from "./PackingList.tsx";
import { sentence } from "./trip.ts";

export type State =
  | { kind: "waiting" }
  | { kind: "loading" }
  | { kind: "list"; trip: Trip; list: List; packed: string[]; fresh: boolean }
  | { kind: "refused"; problems: Problem[] }
  | { kind: "failed" }
  | { kind: "unreachable" };

interface Properties {
  state: State;
  onPack: (names: string[]) => void;
  title: RefObject<HTMLHeadingElement | null>;
}

export function Result({ state, onPack, title }: Properties) {
  return (
    <section id="result" className="card" aria-live="polite" aria-busy={state.kind === "loading"} aria-labelledby="result-title">
      <h2 id="result-title" tabIndex={-1} ref={title}>
        {state.kind === "list" ? `Your list for ${state.list.destination}` : "Your list"}
      </h2>
      <Content state={state} onPack={onPack} />
    </section>
  );
}

function Content({ state, onPack }: Pick<Properties, "state" | "onPack">) {
  switch (state.kind) {
    case "waiting":
      return <p className="hint">Tell us about your trip, and your list appears here.</p>;
    case "loading":
      return (
        <div className="loading">
          <div className="spinner" />
          Folding, rolling, counting socks…
        </div>
      );
    case "list":
      return <PackingList list={state.list} packed={state.packed} onPack={onPack} />;
    case "refused":
      return <Failure says="Something about the trip is not clear yet." problems={state.problems} />;
    case "failed":
      return <Failure says="Sorry, we could not make your list. Please try again in a minute." />;
    case "unreachable":
      return <Failure says="We cannot be reached. Are you online? Please try again." />;
  }
}

function Failure({ says, problems = [] }: { says: string; problems?: Problem[] }) {
  return (
    <div className="error" role="alert">
      <strong>{says}</strong>
      {problems.length > 0 && (
        <ul>
          {problems.map((problem) => (
            <li key={problem.field}>{sentence(problem)}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
