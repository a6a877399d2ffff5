import { pino } from "pino";
import { type Answered, answerLine } from "../../src/platform/log/answer-line";
import { timeInWords } from "../../src/platform/log/time-in-words";

// Node lets all of this through in a request's address; it takes methods of a fixed list only.
const PATHS = [
  "/",
  "/v1/authentication/verify",
  `/"}{"msg":"forged"\\`,
  "/\u00e4\u0085\u00ff",
  "/%0a'&<>",
  "*",
];
const TRACE = { trace_id: "4bf92f3577b34da6a3ce929d0e0e4736", span_id: "00f067aa0ba902b7" };

const answers: Answered[] = PATHS.flatMap((path) =>
  [{}, TRACE].map((trace) => ({
    req: { id: "0d9fdf5c-7d43-4d3c-9f6e-9a5f3f0d1c11", method: "GET", path },
    res: { status: 401 },
    responseTime: 12,
    ...trace,
  })),
);

describe("the line of an answered request", () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it("is what pino writes, to the letter but for the time", () => {
    const written: string[] = [];
    const log = pino({ base: null }, { write: (line: string) => written.push(line) });
    for (const answer of answers) log.info(answer, "request");
    const timeless = (line: string) => line.replace(/"time":(\d+|"[^"]*"),/, "");
    expect(answers.map((answer) => timeless(answerLine(answer, "request")))).toEqual(written.map(timeless));
    expect(written.map(timeless)).not.toEqual(written);
  });

  it("says the time to the millisecond", () => {
    const told: string[] = [];
    for (const milliseconds of [0, 0, 1, 1, 998]) {
      jest.advanceTimersByTime(milliseconds);
      told.push(timeInWords());
      expect(told.at(-1)).toBe(`,"time":"${new Date().toISOString()}"`);
    }
    expect(new Set(told).size).toBe(4);
  });
});
