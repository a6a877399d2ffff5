import { EventEmitter } from "node:events";
import { gatherLines } from "../../src/platform/log/gathered-lines";

function open() {
  const written: string[] = [];
  const flushed: number[] = [];
  const ending = new EventEmitter();
  const flushSync = () => flushed.push(written.length);
  const lines = gatherLines({ write: (text) => written.push(text), flushSync }, ending);
  return { lines, written, flushed, ending };
}

describe("gathered lines", () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it("are handed on in one piece and in their order, 100 ms after the first", () => {
    const { lines, written } = open();
    lines.write("one\n");
    jest.advanceTimersByTime(60);
    lines.write("zwölf\n");
    jest.advanceTimersByTime(39);
    expect(written).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(written).toEqual(["one\nzwölf\n"]);
    jest.advanceTimersByTime(1_000);
    lines.write("later\n");
    jest.advanceTimersByTime(100);
    expect(written).toEqual(["one\nzwölf\n", "later\n"]);
  });

  it("are handed on at once where they have come to 16,000 characters", () => {
    const { lines, written } = open();
    const line = `${"x".repeat(7_998)}\n`;
    lines.write(line);
    lines.write(line);
    expect(written).toEqual([]);
    lines.write("!\n");
    expect(written).toEqual([`${line}${line}!\n`]);
    jest.advanceTimersByTime(1_000);
    expect(written).toHaveLength(1);
  });

  it.each(["beforeExit", "exit"])("are handed on at the end of the process: %s", (event) => {
    const { lines, written, flushed, ending } = open();
    const endsTheDestination = jest.fn(() => expect(written).toEqual(["last words\n"]));
    ending.on(event, endsTheDestination);
    lines.write("last words\n");
    ending.emit(event);
    expect(endsTheDestination).toHaveBeenCalledTimes(1);
    expect(flushed).toEqual(event === "exit" ? [1] : []);
  });

  it("are waited for at the end of the process only where there were some", () => {
    const { lines, ending } = open();
    expect(ending.eventNames()).toEqual([]);
    for (const line of ["one\n", "two\n"]) lines.write(line);
    expect(["beforeExit", "exit"].map((event) => ending.listenerCount(event))).toEqual([1, 1]);
  });

  it("are handed on before whoever asks that nothing be left behind goes on", () => {
    const { lines, written, flushed } = open();
    lines.write("fatal\n");
    lines.flushSync();
    expect([written, flushed]).toEqual([["fatal\n"], [1]]);
  });
});
