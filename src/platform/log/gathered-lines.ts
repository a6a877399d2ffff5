/** Where gathered text goes. */
type Destination = { write(text: string): unknown; flushSync(): void };

const WRITE_FROM_CHARACTERS = 16_000;
const WRITE_AFTER_MS = 100;

/**
 * Gathers lines and hands them on in one piece: from 16,000 characters, 100 ms after the first of them, and at the
 * end of the process. A destination of pino's that gathers by itself counts all that it holds anew for each line.
 */
export function gatherLines(to: Destination, ending: NodeJS.EventEmitter = process): Destination {
  let lines: string[] = [];
  let characters = 0;
  let timer: NodeJS.Timeout | undefined;
  let listening = false;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (lines.length === 0) return;
    const text = lines.join("");
    lines = [];
    characters = 0;
    to.write(text);
  }
  function flushSync(): void {
    flush();
    to.flushSync();
  }
  // Only for a log that says something, and before pino's own listeners, which end the destination.
  function listenForTheEnd(): void {
    if (listening) return;
    listening = true;
    ending.prependListener("beforeExit", flush);
    ending.prependListener("exit", flushSync);
  }
  return {
    write(line) {
      listenForTheEnd();
      lines.push(line);
      characters += line.length;
      if (characters >= WRITE_FROM_CHARACTERS) flush();
      else timer ??= setTimeout(flush, WRITE_AFTER_MS).unref();
    },
    flushSync,
  };
}
