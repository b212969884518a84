// The packing list: the days, groups of check boxes, and how much is packed.

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function line(item, packed) {
  const box = element("input", { type: "checkbox", value: item.name, checked: packed.includes(item.name) });
  const count = item.quantity > 1 ? [element("span", { className: "count", textContent: `× ${item.quantity}` })] : [];
  const name = element("span", { className: "name", textContent: item.name });
  return element("li", {}, element("label", {}, box, name, ...count));
}

function group(name, items, packed) {
  const lines = items.map((item) => line(item, packed));
  return [element("h3", { textContent: name }), element("ul", { className: "items" }, ...lines)];
}

function byGroup(items) {
  const groups = new Map();
  for (const item of items) {
    const name = item.group ?? "Everything"; // an older API knows no groups
    groups.set(name, [...(groups.get(name) ?? []), item]);
  }
  return [...groups];
}

function dayByDay(plan) {
  const days = plan.map(({ day, activity }) =>
    element("li", {}, element("b", { textContent: `Day ${day}` }), activity[0].toUpperCase() + activity.slice(1)));
  return plan.length ? [element("h3", { textContent: "Day by day" }), element("ul", { className: "plan" }, ...days)] : [];
}

export function showList(holder, answer, packed, changed) {
  const summary = element("p", { className: "summary" });
  const progress = element("progress", { max: answer.items.length, ariaLabel: "Packed" });
  const notes = (answer.notes ?? []).map((note) => element("li", { textContent: note }));
  const update = () => {
    const names = [...holder.querySelectorAll("input:checked")].map((box) => box.value);
    const days = answer.days === 1 ? "1 day" : `${answer.days} days`;
    summary.textContent = `${days} · ${names.length} of ${answer.items.length} packed`;
    progress.value = names.length;
    changed(names);
  };
  holder.replaceChildren(
    summary,
    progress,
    ...(notes.length ? [element("ul", { className: "notes" }, ...notes)] : []),
    ...dayByDay(answer.plan ?? []), // an older API plans no days
    ...byGroup(answer.items).flatMap(([name, items]) => group(name, items, packed)),
  );
  holder.onchange = update;
  update();
}
