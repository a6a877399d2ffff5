import type { Seen } from "../../features/health/pages";
import type { Config } from "../../platform/config";
import { readVersion } from "../../platform/version";
import type { Introduction } from "../../web/introduction";
import type { Finding } from "../command";
import { type Asked, askProgram, MADE_UP_ADDRESS } from "./ask-program";
import { about } from "./finding";

const base = about("BASE_URL");
const proxy = about("Proxy");

/**
 * Whether people get to this installation by BASE_URL, and what the program sees of them when they do; `running` programs
 * there are, as far as the database tells.
 */
export async function lookAtReach(
  config: Config,
  introductions: Introduction[],
  running: number | undefined,
): Promise<Finding[]> {
  const { baseUrl } = config;
  if (!running) {
    const why =
      running === 0 ? "the program does not run" : "the database does not say whether the program runs";
    return [base.note(`${baseUrl.origin} was not tried, because ${why}`)];
  }
  const asked = await askProgram(baseUrl.origin, introductions);
  if (!asked) return [];
  if (asked.kind !== "ours") return [base.problem(whyNotOurs(asked, baseUrl))];
  const { seen } = asked;
  const given = [
    differs("BASE_URL", seen.origin, baseUrl.origin),
    differs("COOKIE_DOMAIN", seen.cookieDomain ?? "none", config.cookieDomain ?? "none"),
    differs(
      "RETURN_ORIGINS",
      seen.returnOrigins.join(",") || "none",
      config.returnOrigins.join(",") || "none",
    ),
  ].flat();
  const reached = given.length > 0 ? given : [base.ok(`${baseUrl.origin} leads to this installation`)];
  return [...reached, ...seenBy(seen, baseUrl), ...aboutVersion(seen)];
}

// What is set for the one and not for the other is easily taken for mended.
function differs(name: string, theirs: string, ours: string): Finding[] {
  if (theirs === ours) return [];
  return [
    about(name).problem(
      `the program that runs was given ${theirs}, and this command ${ours}: give both the same environment`,
    ),
  ];
}

function whyNotOurs(asked: Exclude<Asked, { kind: "ours" }>, { origin, hostname }: URL): string {
  if (asked.kind === "redirect") {
    const to = URL.canParse(asked.to, origin) ? new URL(asked.to, origin).origin : asked.to;
    return `${origin} sends browsers on to ${to}: set BASE_URL to that, if it is where people come in`;
  }
  if (asked.kind === "other")
    return (
      `at ${origin} something else answers (with status ${asked.status}), or a program with another APP_SECRET: set ` +
      "BASE_URL to the address at which people reach this installation, or mend where the proxy leads"
    );
  const mend = SILENCE.find(([pattern]) => pattern.test(`${asked.code} ${asked.sentence}`))?.[1];
  return `${origin} cannot be reached from here (${asked.sentence}). ${(mend ?? "See whether BASE_URL is right").replace("HOST", hostname)}`;
}

const SILENCE: [RegExp, string][] = [
  [/ENOTFOUND|EAI_AGAIN/, "The name HOST is not known: mend BASE_URL, or the name's entry in DNS"],
  [/ECONNREFUSED|EHOSTUNREACH/, "Nothing listens there: mend BASE_URL, or start the proxy"],
  [
    /CERT|certificate|self.signed|altname/i,
    "Browsers would warn: give the proxy a certificate that is good for HOST",
  ],
  [/SSL|EPROTO|wrong version/i, "It does not speak TLS there: mend BASE_URL or the proxy"],
];

function seenBy(seen: Seen, baseUrl: URL): Finding[] {
  const https = baseUrl.protocol === "https:";
  if (https && seen.protocol !== "https") {
    if (/^\s*https\b/i.test(seen.forwardedProto ?? ""))
      return [
        proxy.problem(
          "it says that people come over https, and is not believed, so nobody can sign in: set TRUST_PROXY=1, or to its address",
        ),
      ];
    return [
      proxy.problem(
        "it does not say that people come over https, so nobody can sign in: let it send X-Forwarded-Proto: https, and set TRUST_PROXY=1",
      ),
    ];
  }
  // Somebody between who is not believed, or everybody who is.
  const told = seen.forwardedFor ?? "";
  if (seen.address === MADE_UP_ADDRESS)
    return [
      proxy.problem(
        "whoever asks can say which address they come from, so that guessing cannot be held up: let the proxy replace " +
          "X-Forwarded-For by what it sees itself, and set TRUST_PROXY to the number of proxies, or to false without one",
      ),
    ];
  if (!seen.believesPeer && told !== "" && told !== MADE_UP_ADDRESS)
    return [
      proxy.problem(
        `everybody seems to come from the proxy's address ${seen.peer}, so that one person's wrong passwords hold up all: ` +
          "set TRUST_PROXY to the number of proxies, 1 for one",
      ),
    ];
  return [proxy.ok(`requests come over ${seen.protocol}, from ${seen.address}`)];
}

/** What of the environment makes a proxy useless or an application unreachable, whether the program runs or not. */
export function lookAtBehindProxy({ trustProxy, host, cookieDomain, returnOrigins }: Config): Finding[] {
  const findings: Finding[] = [];
  const everywhere = host === undefined || host === "0.0.0.0" || host === "::";
  if ((trustProxy === true || typeof trustProxy === "number") && trustProxy !== 0 && everywhere)
    findings.push(
      about("HOST").note(
        "whoever reaches this port without the proxy is believed where they say they come from (TRUST_PROXY): set HOST to " +
          "the address that the proxy uses, such as 127.0.0.1, or let a firewall keep others away",
      ),
    );
  if (cookieDomain !== undefined && returnOrigins.length === 0)
    findings.push(
      about("RETURN_ORIGINS").note(
        "COOKIE_DOMAIN is set and this is not, so nobody comes back to the application they came from: name its address",
      ),
    );
  return findings;
}

function aboutVersion(seen: Seen): Finding[] {
  const own = readVersion();
  const { ok, note } = about("Version");
  if (seen.version === own) return [ok(`Latchkey ${own} on Node ${process.versions.node}`)];
  return [
    note(
      `the program that runs is Latchkey ${seen.version}, and this is ${own}: restart it after an upgrade`,
    ),
  ];
}
