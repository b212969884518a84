import type { Item } from "./api.ts";

interface Properties {
  item: Item;
  packed: boolean;
  onToggle: (name: string) => void;
}

/** One thing to pack, with its check box. */
export function Line({ item, packed, onToggle }: Properties) {
  return (
    <li>
      <label>
        <input type="checkbox" checked={packed} onChange={() => onToggle(item.name)} />
        <span className="name">{item.name}</span>
        {item.quantity > 1 && <span className="count">× {item.quantity}</span>}
      </label>
    </li>
  );
}

/** The names that are packed after one was ticked or not. */
export function toggled(packed: string[], name: string): string[] {
  return packed.includes(name) ? packed.filter((one) => one !== name) : [...packed, name];
}
