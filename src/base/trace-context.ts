/** Where a request belongs in somebody's distributed trace. */
export type TraceContext = {
  /** 32 hexadecimal digits, the same for everything that one visit has caused. */
  traceId: string;
  /** 16 hexadecimal digits: whoever has sent this request. */
  spanId: string;
};

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/** Reads the header `traceparent` (W3C Trace Context, level 1); undefined for none, and for one that is not well formed. */
export function readTraceparent(header: string | string[] | undefined): TraceContext | undefined {
  if (typeof header !== "string") return undefined;
  const [, version, traceId, spanId, more] = FORM.exec(header.trim()) ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  // Version 00 ends with the flags; later ones may go on.
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId };
}
