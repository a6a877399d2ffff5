import { TooManyTries } from "./throttle";

type Outcome<Answer> = Answer extends TooManyTries
  ? "throttled"
  : Answer extends { clock: string }
    ? "clock"
    : Answer;

/** What a step of signing in that did not succeed is counted as: the action's own word, the clock, or too many tries. */
export function outcomeOf<Answer extends string | { clock: string } | TooManyTries>(
  answer: Answer,
): Outcome<Answer> {
  if (answer instanceof TooManyTries) return "throttled" as Outcome<Answer>;
  return (typeof answer === "object" ? "clock" : answer) as Outcome<Answer>;
}
