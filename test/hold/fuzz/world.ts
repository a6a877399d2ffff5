import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { makeApiKey } from "../../../src/base/api-key-format";
import { makeServer } from "../../../src/server";
import { openTestDesk, type TestDesk } from "../../support/desk";
import { tokenOfLink } from "../../support/links";
import { addPerson, givePassword, PASSWORD, setUp } from "../../support/people";
import { liftThrottles } from "../../support/time";
import { Visitor } from "../../support/visitor";
import { noteChanges } from "./changes";
import { Wire } from "./wire";

/** Whoever sends a form: their cookie, and the token their forms carry. */
export type Sender = { cookie: string; token: string };

/** Who can send what: nobody known, somebody the code is due of, or who has to enrol, and two who are signed in. */
export type SenderName = "stranger" | "code" | "enrolment" | "member" | "administrator";

/** A desk that is being tried, and good values for its fields by name. */
export type World = {
  desk: TestDesk;
  wires: Wire[];
  senders: Record<SenderName, Sender>;
  /** Values that would be accepted: ids, versions, tokens of links. */
  good: Record<string, string>;
  /** Whether something may be other than these good values say. */
  disturbed: boolean;
  close(): Promise<void>;
};

// So many that lookups which the desk makes for many requests at once are.
const CONNECTIONS = 48;
const NOBODY: Sender = { cookie: "", token: "" };

/** Serves a desk as the program does; `trustProxy` as TRUST_PROXY says. */
async function serve(desk: TestDesk, trustProxy = false): Promise<Pick<World, "desk" | "wires" | "close">> {
  const { listener, options } = makeServer(desk.desk, { trustProxy });
  const server = createServer({ ...options, keepAliveTimeout: 75_000 }, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const wires = Array.from({ length: CONNECTIONS }, () => new Wire(port));
  return {
    desk,
    wires,
    async close() {
      for (const wire of wires) wire.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await desk.close();
    },
  };
}

/** Opens a desk that nobody has set up. */
export async function openEmptyWorld(): Promise<World> {
  const desk = await openTestDesk();
  await liftThrottles(desk);
  const setUpToken = new URL(desk.desk.setUpAddress).searchParams.get("token") ?? "";
  const senders = {
    stranger: NOBODY,
    code: NOBODY,
    enrolment: NOBODY,
    member: NOBODY,
    administrator: NOBODY,
  };
  await noteChanges(desk);
  return { ...(await serve(desk)), senders, good: { password: PASSWORD, setUpToken }, disturbed: false };
}

async function sender(visitor: Visitor, page: string): Promise<Sender> {
  await visitor.open(page);
  return { cookie: visitor.cookieHeader(), token: visitor.hidden("_csrf") };
}

/** Opens a desk that is set up, with somebody in each state and something of each kind. */
export async function openWorld({ trustProxy = false } = {}): Promise<World> {
  const desk = await openTestDesk();
  await liftThrottles(desk);
  const ada = await setUp(desk);
  const grace = await addPerson(desk, "grace@example.com");
  // Who is acted upon; responsible for the service account.
  await addPerson(desk, "sam@example.com");
  // Half signed in.
  const cora = await addPerson(desk, "cora@example.com");
  await desk.db.query(
    `insert into people (email, first_name, last_name, password_hash)
     select email, 'New', 'Comer', password_hash
       from (select unnest(array['enid@example.com', 'rita@example.com', 'emil@example.com']) as email) e,
            (select password_hash from people limit 1) p`,
  );
  await desk.db.query("insert into roles (name) values ('reader')");
  await desk.db.query(
    `insert into service_accounts (name, purpose, responsible_id, roles)
     select name, 'nightly', id, '{reader}' from people, unnest(array['backup', 'report']) as name
      where email = 'sam@example.com'`,
  );
  const keys = { grace: makeApiKey(), sam: makeApiKey() };
  for (const [name, { id, hash }] of Object.entries(keys)) {
    await desk.db.query(
      "insert into api_keys (id, hash, person_id) select $2, $3, id from people where email = $1",
      [`${name}@example.com`, id, hash],
    );
  }
  await new Visitor(desk.origin).post("/forgot-password", { email: "rita@example.com" });
  const invite = await ada.visitor.tab().open("/admin/people/invite");
  await invite.fill("Email", "guest@example.com").fill("Role", "member").press("Send invitation");
  const change = await grace.visitor.tab().open("/profile/email");
  await change.fill("New email", "hopper@example.com").press("Send link");

  const half = await givePassword(cora, new Visitor(desk.origin));
  const enrolling = await givePassword({ ...ada, email: "enid@example.com" }, new Visitor(desk.origin));
  const served = await serve(desk, trustProxy);
  await keepVersions(desk);
  // Those made later are put away again.
  await desk.db.query("create table first_sessions as select id from sessions");
  await noteChanges(desk);
  const one = async (sql: string) => String((await desk.db.query(sql)).rows[0]?.value);
  return {
    ...served,
    disturbed: true,
    senders: {
      stranger: NOBODY,
      code: await sender(half, "/sign-in/two-factor"),
      enrolment: await sender(enrolling, "/two-factor/enrol"),
      member: await sender(grace.visitor, "/profile"),
      administrator: await sender(ada.visitor, "/profile"),
    },
    good: {
      password: PASSWORD,
      key: keys.grace.key,
      memberKey: keys.grace.id,
      personKey: keys.sam.id,
      person: await one("select id as value from people where email = 'sam@example.com'"),
      account: await one("select id as value from service_accounts where name = 'backup'"),
      invitation: await one("select id as value from links where purpose = 'invitation'"),
      session: await one(
        "select s.id as value from sessions s join people p on p.id = s.person_id where email = 'sam@example.com'",
      ),
      resetToken: await tokenOfLink(desk, "password-reset", "rita@example.com"),
      inviteToken: await tokenOfLink(desk, "invitation", "guest@example.com"),
      emailToken: await tokenOfLink(desk, "email-change", "hopper@example.com"),
      secondFactor: enrolling.hidden("secondFactor"),
    },
  };
}

/** Lets a form that was saved be saved again as it is: its version stays what its next senders say it is. */
async function keepVersions({ db }: TestDesk): Promise<void> {
  await db.query(`
    create function keep_version() returns trigger language plpgsql as $$
      begin new.version := old.version; return new; end $$;
    create trigger keep_version before update on people for each row execute function keep_version();
    create trigger keep_version before update on service_accounts for each row execute function keep_version();
    create trigger keep_version before update on installation for each row execute function keep_version();`);
}

/**
 * Puts back what a form that was accepted may have changed, so that the next ones come as far as it did: whoever was
 * half signed in is so from now on, passwords were given just now, and what was made is gone.
 */
export async function putBack(world: World): Promise<void> {
  const { desk, good } = world;
  if (!good.person || !world.disturbed) return;
  world.disturbed = false;
  await desk.db.query(`
    begin;
    delete from sessions where id not in (select id from first_sessions);
    update sessions set started_at = now(), last_active_at = now(), expire = now() + interval '365 days',
           sess = jsonb_set(sess::jsonb, '{passwordGivenAt}', '9e12');
    update installation set longest_session_timeout = 7776000, longest_session_timeout_administrators = 7776000,
           absolute_lifetime = 31536000, two_factor_policy = 'everyone';
    update people set deactivated_at = null, session_timeout = 1800
     where deactivated_at is not null or session_timeout <> 1800;
    update people set roles = '{member}' where email = 'sam@example.com' and roles <> '{member}';
    insert into second_factors (person_id, sealed_secret)
      select id, '\\x00' from people p where email = 'sam@example.com'
         and not exists (select from second_factors f where f.person_id = p.id and pending_in is null);
    update service_accounts set deactivated_at = null where deactivated_at is not null;
    update service_accounts set responsible_id = '${good.person}' where responsible_id <> '${good.person}';
    delete from api_keys where service_account_id is not null;
    update api_keys set replaced_by = null, ended_at = clock_timestamp() where ended_at is null;
    update api_keys set ended_at = null, replaced_by = null where id in ('${good.memberKey}', '${good.personKey}');
    delete from service_accounts where name <> 'report' and id <> '${good.account}';
    delete from roles where name <> 'reader';
    delete from people where email = 'guest@example.com';
    update people set email = 'grace@example.com' where email = 'hopper@example.com';
    delete from links where email not in ('guest@example.com', 'rita@example.com', 'hopper@example.com');
    update links set used_at = null, ended_at = null, ended_by = null, expires_at = now() + interval '1 hour'
     where used_at is not null or ended_at is not null or expires_at < now() + interval '10 minutes';
    delete from noted_changes;
    commit;`);
  const { rows } = await desk.db.query(
    `select (select version from people where email = 'grace@example.com') as "memberVersion",
            (select version from people where id = $1) as "personVersion",
            (select version from service_accounts where id = $2) as "accountVersion",
            (select version from installation) as "settingsVersion"`,
    [good.person, good.account],
  );
  for (const [name, value] of Object.entries(rows[0])) good[name] = String(value);
}
