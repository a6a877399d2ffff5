/** The seven idle timeouts a person can choose, in seconds, with the words the drop-down shows. */
export const SESSION_TIMEOUTS = [
  { seconds: 15 * 60, label: "15 minutes" },
  { seconds: 30 * 60, label: "30 minutes" },
  { seconds: 60 * 60, label: "1 hour" },
  { seconds: 2 * 60 * 60, label: "2 hours" },
  { seconds: 4 * 60 * 60, label: "4 hours" },
  { seconds: 8 * 60 * 60, label: "8 hours" },
  { seconds: 90 * 24 * 60 * 60, label: "90 days" },
] as const;

const DAY = 24 * 60 * 60;

/** The absolute lifetimes an organisation can choose from, in seconds; the last one is the default. */
export const ABSOLUTE_LIFETIMES = [
  { seconds: DAY, label: "1 day" },
  { seconds: 7 * DAY, label: "7 days" },
  { seconds: 30 * DAY, label: "30 days" },
  { seconds: 90 * DAY, label: "90 days" },
  { seconds: 365 * DAY, label: "365 days" },
] as const;

/** Says an idle timeout or an absolute lifetime (seconds) in the words of its drop-down: "30 minutes". */
export function describeTimeout(seconds: number): string {
  const choice = [...SESSION_TIMEOUTS, ...ABSOLUTE_LIFETIMES].find((timeout) => timeout.seconds === seconds);
  return choice?.label ?? `${Math.round(seconds / 60)} minutes`;
}

/** The longest timeouts an organisation allows, in seconds. */
export type TimeoutCeilings = { longestSessionTimeout: number; longestSessionTimeoutAdministrators: number };

/** The longest timeout somebody may choose, in seconds: administrators are held to both ceilings. */
export function ceilingFor(ceilings: TimeoutCeilings, administrator: boolean): number {
  const { longestSessionTimeout, longestSessionTimeoutAdministrators } = ceilings;
  return administrator
    ? Math.min(longestSessionTimeout, longestSessionTimeoutAdministrators)
    : longestSessionTimeout;
}
