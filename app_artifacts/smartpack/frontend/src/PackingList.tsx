import type { PackingList as List } from "./api.ts";
import { Groups, Notes, Progress } from "./Groups.tsx";

interface Properties {
  list: List;
  packed: string[];
  onPack: (names: string[]) => void;
}

/** How much is packed, advice, and the things in their groups. */
export function PackingList({ list, packed, onPack }: Properties) {
  return (
    <div id="list">
      <Progress days={list.days} items={list.items} packed={packed} />
      <Notes notes={list.notes ?? []} />
      <Groups items={list.items} packed={packed} onPack={onPack} />
    </div>
  );
}
