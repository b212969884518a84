// What the form is made of. The inputs keep their own values; the form is read when it is sent.
import type { InputHTMLAttributes } from "react";

import type { Problem } from "./api.ts";
import { capitalized, fieldOf } from "./trip.ts";

type FieldProperties = InputHTMLAttributes<HTMLInputElement> & { label: string; name: string; problems: Problem[] };

/** An input with its label, and with what is wrong with it. */
export function Field({ label, name, problems, ...input }: FieldProperties) {
  const problem = problems.find((one) => fieldOf(one) === name);
  const hint = `${name}-problem`;
  return (
    <div className="field">
      <label htmlFor={name}>{label}</label>
      <input id={name} name={name} aria-invalid={problem !== undefined} aria-describedby={problem && hint} {...input} />
      {problem && (
        <p id={hint} className="problem">
          Please give {problem.expected}.
        </p>
      )}
    </div>
  );
}

interface ChipsProperties {
  type: "checkbox" | "radio";
  name: string;
  words: string[];
  chosen: string[];
}

/** Words to choose from: any number of them, or exactly one. */
export function Chips({ type, name, words, chosen }: ChipsProperties) {
  return (
    <div className="chips">
      {words.map((word) => (
        <label className="chip" key={word}>
          <input type={type} name={name} value={word} defaultChecked={chosen.includes(word)} />
          <span>{capitalized(word)}</span>
        </label>
      ))}
    </div>
  );
}
