let moment = 0;
let words = "";

/** This moment as a line says it. pino's own makes the text anew for each line, and many are of one millisecond. */
export function timeInWords(): string {
  const now = Date.now();
  if (now !== moment) {
    moment = now;
    words = `,"time":"${new Date(now).toISOString()}"`;
  }
  return words;
}
