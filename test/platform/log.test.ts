import { Writable } from "node:stream";
import { pino } from "pino";
import { noticesIn } from "../../src/platform/log";

function told(level: string): string[] {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)).msg);
      done();
    },
  });
  const log = pino({ level }, sink);
  log.info("everyday");
  noticesIn(log).info("a letter");
  return lines;
}

describe("what an operator has to see", () => {
  it("is told at every level, beside which everyday lines stay away", () => {
    for (const level of ["fatal", "error", "warn"])
      expect([level, told(level)]).toEqual([level, ["a letter"]]);
    expect(told("info")).toEqual(["everyday", "a letter"]);
  });

  it("is not told by a log that is silent", () => {
    expect(told("silent")).toEqual([]);
  });
});
