import type { Screen } from "./browser-screen";

type Write = (sentence: string, work: () => Promise<void>) => void;

/**
 * Tests that follow one another on one screen. Once a step has failed the later ones say which, instead of failing
 * each for a reason of its own; the failure says where the person stood. An `aside` changes nothing that later steps
 * need, so its failure does not end the journey.
 */
export function journey(screen: () => Screen | undefined): Write & { aside: Write; skip: Write } {
  let failed: string | undefined;
  const write =
    (ends: boolean): Write =>
    (sentence, work) =>
      it(sentence, async () => {
        if (failed !== undefined) throw notReached(failed);
        try {
          await work();
        } catch (error) {
          if (ends) failed = sentence;
          throw await withPlace(error, screen());
        }
      });
  return Object.assign(write(true), { aside: write(false), skip: it.skip });
}

function notReached(failed: string): Error {
  const error = new Error(`Not reached, because this step failed: ${failed}`);
  error.stack = error.message;
  return error;
}

async function withPlace(thrown: unknown, screen: Screen | undefined): Promise<Error> {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const place = `\n\nThe person stood ${(await screen?.describe()) ?? "nowhere yet"}\n`;
  const stack = error.stack ?? "";
  const calls = stack.indexOf("\n    at ");
  error.stack = calls === -1 ? stack + place : stack.slice(0, calls) + place + stack.slice(calls);
  error.message += place;
  return error;
}
