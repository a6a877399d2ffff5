import { readTraceparent } from "../../src/base/trace-context";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

describe("traceparent", () => {
  it.each([
    `00-${TRACE}-${SPAN}-01`,
    ` 00-${TRACE}-${SPAN}-00 `,
    `01-${TRACE}-${SPAN}-01`,
    `cc-${TRACE}-${SPAN}-01-what-comes-later`,
  ])("is read from %j", (header) => {
    expect(readTraceparent(header)).toEqual({ traceId: TRACE, spanId: SPAN });
  });

  it.each([
    undefined,
    "",
    `00-${TRACE}-${SPAN}`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `00-${TRACE}\n-${SPAN}-01`,
    [`00-${TRACE}-${SPAN}-01`],
  ])("is not read from %j", (header) => {
    expect(readTraceparent(header)).toBeUndefined();
  });
});
