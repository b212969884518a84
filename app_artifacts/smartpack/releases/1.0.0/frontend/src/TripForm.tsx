import type { Ref, SyntheticEvent } from "react";

import type { Problem, Trip } from "./api.ts";
import { Chips, Field } from "./fields.tsx";
import { ACTIVITIES, readTrip, WEATHER } from "./trip.ts";

interface Properties {
  first: Trip;
  busy: boolean;
  problems: Problem[];
  onSubmit: (trip: Trip) => void;
  ref: Ref<HTMLFormElement>;
}

export function TripForm({ first, busy, problems, onSubmit, ref }: Properties) {
  function submit(event: SyntheticEvent<HTMLFormElement>) {
    event.preventDefault();
    if (!busy) onSubmit(readTrip(event.currentTarget));
  }

  return (
    <form id="trip" className="card" noValidate aria-labelledby="trip-title" onSubmit={submit} ref={ref}>
      <h2 id="trip-title">Your trip</h2>
      <Field label="Where to?" name="destination" problems={problems} defaultValue={first.destination} autoComplete="off" maxLength={80} placeholder="Lisbon" required />
      <div className="pair">
        <Field label="From" name="start" problems={problems} type="date" defaultValue={first.start} required />
        <Field label="To" name="end" problems={problems} type="date" defaultValue={first.end} required />
      </div>
      <fieldset>
        <legend>What will you do?</legend>
        <Chips type="checkbox" name="activities" words={ACTIVITIES} chosen={first.activities} />
      </fieldset>
      <fieldset>
        <legend>What will the weather be like?</legend>
        <Chips type="radio" name="weather" words={WEATHER} chosen={[first.weather.kind]} />
        <div className="pair">
          <Field label="Coldest, °C" name="low" problems={problems} type="number" min={-60} max={60} defaultValue={first.weather.low ?? ""} required />
          <Field label="Warmest, °C" name="high" problems={problems} type="number" min={-60} max={60} defaultValue={first.weather.high ?? ""} required />
        </div>
      </fieldset>
      <button type="submit" aria-disabled={busy}>
        {busy ? "Making your list…" : "Make my list"}
      </button>
    </form>
  );
}
