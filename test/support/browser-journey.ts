import type { Screen } from "./browser-screen";

type Step = ((sentence: string, work: () => Promise<void>) => void) & {
  skip: (sentence: string, work: () => Promise<void>) => void;
};

/**
 * Tests that follow one another on one screen. Once a step has failed the later ones say which, instead of failing
 * each for a reason of its own; the failure says where the person stood.
 */
export function journey(screen: () => Screen): Step {
  let failed: string | undefined;
  const step = (sentence: string, work: () => Promise<void>) =>
    it(sentence, async () => {
      if (failed !== undefined) throw notReached(failed);
      try {
        await work();
      } catch (error) {
        failed = sentence;
        throw await withPlace(error, screen());
      }
    });
  return Object.assign(step, { skip: it.skip });
}

function notReached(failed: string): Error {
  const error = new Error(`Not reached, because this step failed: ${failed}`);
  error.stack = error.message;
  return error;
}

async function withPlace(thrown: unknown, screen: Screen): Promise<Error> {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const place = `\n\nThe person stood ${await screen.describe()}\n`;
  const stack = error.stack ?? "";
  const calls = stack.indexOf("\n    at ");
  error.stack = calls === -1 ? stack + place : stack.slice(0, calls) + place + stack.slice(calls);
  error.message += place;
  return error;
}
