import type { Screen } from "./browser-screen";

type Write = (sentence: string, work: () => Promise<void>) => void;

/**
 * Tests that follow one another on one screen, or on several. Once a step has failed the later ones say which, instead of failing
 * each for a reason of its own; the failure says where everybody stood. An `aside` changes nothing that later steps
 * need, so its failure does not end the journey.
 */
export function journey(screens: () => Screen | Screen[] | undefined): Write & { aside: Write; skip: Write } {
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
          throw await withPlaces(error, [screens() ?? []].flat());
        }
      });
  return Object.assign(write(true), { aside: write(false), skip: it.skip });
}

function notReached(failed: string): Error {
  const error = new Error(`Not reached, because this step failed: ${failed}`);
  error.stack = error.message;
  return error;
}

async function withPlaces(thrown: unknown, screens: Screen[]): Promise<Error> {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const stood = await Promise.all(screens.map((screen) => screen.describe()));
  const places = (stood.length > 0 ? stood : ["nowhere yet"])
    .map((place) => `\n\nThe person stood ${place}\n`)
    .join("");
  const stack = error.stack ?? "";
  const calls = stack.indexOf("\n    at ");
  error.stack = calls === -1 ? stack + places : stack.slice(0, calls) + places + stack.slice(calls);
  error.message += places;
  return error;
}
