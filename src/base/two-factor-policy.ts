/** Who must have two-factor authentication, with the words the forms show. */
export const TWO_FACTOR_POLICIES = [
  { value: "everyone", label: "Everyone (recommended)" },
  { value: "administrators", label: "Administrators" },
  { value: "optional", label: "Optional" },
] as const;

export type TwoFactorPolicy = (typeof TWO_FACTOR_POLICIES)[number]["value"];

/** True when this person may not go on without two-factor authentication. */
export function requiresTwoFactor(policy: TwoFactorPolicy, person: { administrator: boolean }): boolean {
  return policy === "everyone" || (policy === "administrators" && person.administrator);
}
