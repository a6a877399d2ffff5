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

/** Says an idle timeout (seconds) in the words of the drop-down: "30 minutes". */
export function describeTimeout(seconds: number): string {
  const choice = SESSION_TIMEOUTS.find((timeout) => timeout.seconds === seconds);
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
