import { z } from "zod";

const day = (label: string) =>
  z
    .string()
    .trim()
    .refine(
      (text) => text === "" || isDay(text),
      `${label}: write the day as year-month-day, like 2026-11-23`,
    )
    .default("");

function isDay(text: string): boolean {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) || text.startsWith("0000")) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** The filter of the trail, as the query string has it; an empty text filters nothing. */
export const activityFilter = z
  .object({
    person: z.string().trim().max(254, "Use at most 254 characters").default(""),
    action: z.string().default(""),
    from: day("From"),
    to: day("To"),
  })
  .refine(({ from, to }) => !isDay(from) || !isDay(to) || from <= to, {
    path: ["to"],
    message: "Choose a day that is not before the one in From",
  });

/** What the filter form holds. */
export type ActivityFilter = z.infer<typeof activityFilter>;
