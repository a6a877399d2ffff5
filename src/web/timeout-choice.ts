import type { Person } from "../base/person";
import { isAdministrator } from "../base/roles";
import { ceilingFor, describeTimeout, SESSION_TIMEOUTS, type TimeoutCeilings } from "../base/session-timeout";
import type { FormErrors } from "../platform/form-errors";
import type { Form } from "./read-form";

/** The session timeouts a form offers for a person, and a sentence on those it does not offer. */
export type TimeoutChoice = {
  options: { value: string; label: string }[];
  /** Empty where every timeout is offered. */
  limit: string;
  /** What is wrong with choosing this one. An earlier choice above the ceiling may stay as it is: it is capped. */
  errorsOf(seconds: number): FormErrors;
};

/** What a person can choose under the organisation's ceilings; `who` is spoken of as "You" or "They". */
export function timeoutChoice(
  ceilings: TimeoutCeilings,
  person: Person,
  who: "You" | "They" = "You",
): TimeoutChoice {
  const ceiling = ceilingFor(ceilings, isAdministrator(person.roles));
  const most = describeTimeout(ceiling);
  const lowered = ceiling < ceilings.longestSessionTimeout ? "administrators at most" : "at most";
  const allowed = `Your organisation allows ${lowered} ${most}`;
  const chosen = person.sessionTimeout;
  const capped =
    chosen > ceiling
      ? ` ${who} chose ${describeTimeout(chosen)}; your organisation’s limit of ${most} applies.`
      : "";
  const everything = SESSION_TIMEOUTS.every(({ seconds }) => seconds <= ceiling);
  return {
    options: SESSION_TIMEOUTS.filter(({ seconds }) => seconds <= ceiling || seconds === chosen).map(
      ({ seconds, label }) => ({
        value: String(seconds),
        label: seconds > ceiling ? `${label} (limited to ${most})` : label,
      }),
    ),
    limit: everything ? "" : `${allowed}, so longer times such as 90 days are not offered.${capped}`,
    errorsOf: (seconds) =>
      seconds > ceiling && seconds !== chosen
        ? [{ field: "sessionTimeout", message: `Choose ${most} or less. ${allowed}` }]
        : [],
  };
}

/** A form as typed; a timeout that is not offered gives way to the present one, which a browser would not guess. */
export function keepOffered(values: Form, choice: TimeoutChoice, person: Person): Form {
  const offered = choice.options.some(({ value }) => value === values.sessionTimeout);
  return offered ? values : { ...values, sessionTimeout: String(person.sessionTimeout) };
}
