import type { Item } from "./api.ts";
import { Line, toggled } from "./Line.tsx";

interface Properties {
  items: Item[];
  packed: string[];
  onPack: (names: string[]) => void;
}

/** The things to pack, group by group. */
export function Groups({ items, packed, onPack }: Properties) {
  return byGroup(items).map(([name, members]) => (
    <section key={name} aria-label={name}>
      <h3>{name}</h3>
      <ul className="items">
        {members.map((item) => (
          <Line
            key={item.name}
            item={item}
            packed={packed.includes(item.name)}
            onToggle={(ticked) => onPack(toggled(packed, ticked))}
          />
        ))}
      </ul>
    </section>
  ));
}

/** How much of it all is packed. */
export function Progress({ days, items, packed }: { days: number; items: Item[]; packed: string[] }) {
  const done = items.filter((item) => packed.includes(item.name)).length;
  return (
    <>
      <p className="summary">
        {days === 1 ? "1 day" : `${days} days`} · {done} of {items.length} packed
      </p>
      <progress max={items.length} value={done} aria-label="Packed" />
    </>
  );
}

export function Notes({ notes }: { notes: string[] }) {
  if (notes.length === 0) return null;
  return (
    <ul className="notes">
      {notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}

function byGroup(items: Item[]): [string, Item[]][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const name = item.group ?? "Everything"; // an older API knows no groups
    groups.set(name, [...(groups.get(name) ?? []), item]);
  }
  return [...groups];
}
