import type { PackingList as List } from "./api.ts";
import { Line, toggled } from "./Line.tsx";

interface Properties {
  list: List;
  packed: string[];
  onPack: (names: string[]) => void;
}

/** Check boxes, one below the other. */
export function PackingList({ list, packed, onPack }: Properties) {
  return (
    <div id="list">
      <p className="summary">{list.items.length} things</p>
      <ul className="items">
        {list.items.map((item) => (
          <Line
            key={item.name}
            item={item}
            packed={packed.includes(item.name)}
            onToggle={(ticked) => onPack(toggled(packed, ticked))}
          />
        ))}
      </ul>
    </div>
  );
}
