import type { PackingList } from "./api.ts";
import { capitalized } from "./trip.ts";

/** Which activity on which day; an older API plans no days. */
export function DayPlan({ plan }: { plan: NonNullable<PackingList["plan"]> }) {
  if (plan.length === 0) return null;
  return (
    <section aria-label="Day by day">
      <h3>Day by day</h3>
      <ul className="plan">
        {plan.map(({ day, activity }) => (
          <li key={activity}>
            <b>Day {day}</b>
            {capitalized(activity)}
          </li>
        ))}
      </ul>
    </section>
  );
}
