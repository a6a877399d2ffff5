import { z } from "zod";
import { COMMAND_LINE } from "../base/actor";
import { reasonForm } from "../features/admin-people/form";
import { resetTwoFactor } from "../features/admin-people/reset-two-factor";
import { addAdministrator } from "../features/setup/add-administrator";
import { readBySchema } from "../platform/form-errors";
import { emailField, nameField } from "../platform/form-fields";
import { passwordProblem } from "../platform/password-strength";
import { findAccount } from "../records/people";
import { type Command, CommandRefused, UsageMistake } from "./command";
import { withDesk } from "./open-installation";
import { takePassword } from "./take-password";

const newAdministrator = z.object({
  email: emailField("their"),
  firstName: nameField("first name", "their"),
  lastName: nameField("last name", "their"),
});

/** `admin create`: adds an administrator, who sets up two-factor authentication at first sign-in. */
export const adminCreate: Command = {
  usage: "admin create --email EMAIL --first-name NAME --last-name NAME [--password-stdin]",
  brief: "adds an administrator",
  help:
    "Adds an administrator. On a terminal the password is asked for; with --password-stdin it is the first line of\n" +
    "standard input; otherwise (or if nothing is typed) one is made up, printed once, and ends after 7 days if it is not changed.",
  options: {
    email: { type: "string" },
    "first-name": { type: "string" },
    "last-name": { type: "string" },
    "password-stdin": { type: "boolean" },
  },
  positionals: 0,
  async run({ config, values, flags, terminal }) {
    complainOfMissing(values, ["email", "first-name", "last-name"]);
    const { email, "first-name": firstName, "last-name": lastName } = values;
    const person = readOrComplain(newAdministrator, { email, firstName, lastName });
    const given = await takePassword(terminal, flags.has("password-stdin"));
    const problem = passwordProblem(given.password, Object.values(person));
    if (problem) throw new CommandRefused(problem);
    return withDesk(config, true, async (desk) => {
      const hash = await desk.passwords.hash(given.password);
      const added = await addAdministrator(desk.db, COMMAND_LINE, person, { hash, madeUp: given.generated });
      if (added === "taken") throw new CommandRefused(`${person.email} has an account already.`);
      const lines = [
        `${person.email} is an administrator now, and sets up two-factor authentication at first sign-in.`,
        ...(given.generated ? [`Password, shown only this once: ${given.password}`] : []),
        `Sign in at ${new URL("/sign-in", desk.baseUrl).href}`,
        ...(given.generated
          ? [
              `The password ends in 7 days: choose your own at ${new URL("/profile/password", desk.baseUrl).href}`,
            ]
          : []),
      ];
      const json = { id: added.personId, email: person.email };
      return { ok: true, lines, json: given.generated ? { ...json, password: given.password } : json };
    });
  },
};

/** `admin reset-2fa`: the way back in for the last administrator who lost their authenticator. */
export const adminResetTwoFactor: Command = {
  usage: "admin reset-2fa (EMAIL | --email EMAIL) --reason TEXT",
  brief: "takes away the authenticator of somebody who lost it, so that they set up a new one",
  help:
    "Takes away somebody's authenticator and recovery codes. They are signed out everywhere, written to, and set up a\n" +
    "new authenticator at next sign-in. The reason goes into the trail.",
  options: { email: { type: "string" }, reason: { type: "string" } },
  positionals: 1,
  fewer: true,
  async run({ config, values, words: [word] }) {
    if (word !== undefined && values.email !== undefined)
      throw new UsageMistake("Write the email once: either after reset-2fa or with --email.");
    const given = word === undefined ? values : { ...values, email: word };
    complainOfMissing(given, ["email", "reason"]);
    const { email = "" } = given;
    const { reason } = readOrComplain(reasonForm, { reason: values.reason });
    return withDesk(config, false, async (desk) => {
      const person = await findAccount(desk.db, email.trim());
      if (!person) throw new CommandRefused(`Nobody has the email ${email}.`);
      if (!person.active) throw new CommandRefused(`${email} is deactivated: reactivate them first.`);
      const done = await resetTwoFactor(desk.db, desk.seal, COMMAND_LINE, [person.id], reason);
      if (done === 0) throw new CommandRefused(`${email} has no authenticator: there is nothing to reset.`);
      const lines = [
        `Two-factor authentication of ${email} is reset. They are signed out everywhere and set it up at next sign-in.`,
      ];
      return { ok: true, lines, json: { id: person.id, email } };
    });
  },
};

function complainOfMissing(values: Partial<Record<string, string>>, names: string[]): void {
  const missing = names.filter((name) => values[name] === undefined).map((name) => `--${name}`);
  if (missing.length === 0) return;
  throw new UsageMistake(
    `${new Intl.ListFormat("en-GB").format(missing)} ${missing.length === 1 ? "is" : "are"} missing.`,
  );
}

function readOrComplain<Schema extends z.ZodType>(schema: Schema, values: object): z.infer<Schema> {
  const read = readBySchema(schema, values);
  if (!read.ok) throw new UsageMistake(read.errors.map((error) => error.message).join(". "));
  return read.input;
}
