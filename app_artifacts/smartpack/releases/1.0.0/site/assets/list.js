// The packing list: check boxes, one below the other.

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function line(item, packed) {
  const box = element("input", { type: "checkbox", value: item.name, checked: packed.includes(item.name) });
  const name = element("span", { className: "name", textContent: item.name });
  const count = element("span", { className: "count", textContent: item.quantity });
  return element("li", {}, element("label", {}, box, name, count));
}

export function showList(holder, answer, packed, changed) {
  const summary = element("p", { className: "summary", textContent: `${answer.items.length} things` });
  const lines = answer.items.map((item) => line(item, packed));
  holder.replaceChildren(summary, element("ul", { className: "items" }, ...lines));
  holder.onchange = () => changed([...holder.querySelectorAll("input:checked")].map((box) => box.value));
  changed(packed);
}
