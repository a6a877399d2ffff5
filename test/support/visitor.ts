import { type CheerioAPI, load } from "cheerio";

type Answer = { status: number; headers: Headers; body: string };

/**
 * A visitor without JavaScript: keeps cookies, follows redirects, fills in the form on the page by its visible labels
 * and presses its buttons by their visible words.
 */
export class Visitor {
  cookies = new Map<string, string>();
  /** False for a browser in which cookies are switched off. */
  keepsCookies = true;
  status = 0;
  headers = new Headers();
  html = "";
  path = "";
  /** Where the visitor comes from, told as a proxy tells it: for a desk that trusts one. */
  address: string | undefined;
  /** True for somebody who comes over https, told as a proxy tells it. */
  https = false;
  #typed = new Map<string, string>();
  #parsed: { html: string; $: CheerioAPI } | undefined;

  constructor(
    public origin: string,
    readonly userAgent = "Visitor/1.0",
  ) {}

  get $(): CheerioAPI {
    if (this.#parsed?.html !== this.html) this.#parsed = { html: this.html, $: load(this.html) };
    return this.#parsed.$;
  }

  /** All words on the page, spaces folded. */
  get text(): string {
    return this.$("body").text().replace(/\s+/g, " ").trim();
  }

  /** The messages at the fields, by field name. */
  get errors(): Record<string, string> {
    const $ = this.$;
    const found = $("p.error").toArray();
    return Object.fromEntries(
      found.map((p) => [
        $(p)
          .attr("id")
          ?.replace(/-error$/, "") ?? "",
        $(p).text().replace("Error: ", "").replace(/\s+/g, " ").trim(),
      ]),
    );
  }

  get title(): string {
    return this.$("title").text();
  }

  get heading(): string {
    return this.$("h1").text().trim();
  }

  async open(path: string): Promise<this> {
    return this.#go("GET", path);
  }

  /** Sends a form directly, as given; for what no button on the page would send. */
  async post(
    path: string,
    body: string | Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<this> {
    const text = typeof body === "string" ? body : new URLSearchParams(body).toString();
    return this.#go("POST", path, text, headers);
  }

  /** Types into the field with this label (or chooses the option with these words). */
  fill(label: string, value: string): this {
    this.#typed.set(this.fieldName(label), value);
    return this;
  }

  /** Ticks the checkbox with this label, or takes its tick away. */
  tick(label: string, ticked = true): this {
    return this.fill(label, ticked ? "on" : "");
  }

  /** What the field with this label shows. */
  value(label: string): string {
    const $ = this.$;
    const field = $(`#${this.#labelled(label)}`);
    if (field.is("select")) return field.find("option[selected]").text().trim();
    return field.is("input") ? (field.attr("value") ?? "") : field.text().trim();
  }

  fieldName(label: string): string {
    return this.$(`#${this.#labelled(label)}`).attr("name") ?? "";
  }

  hidden(name: string): string {
    return this.$(`input[type=hidden][name=${name}]`).first().attr("value") ?? "";
  }

  hasButton(words: string): boolean {
    return this.#buttons(words).length > 0;
  }

  /** The fields that pressing this button would send. */
  fieldsOf(button: string): { action: string; method: string; fields: Record<string, string> } {
    const $ = this.$;
    const found = this.#buttons(button);
    if (found.length === 0)
      throw new Error(`No button "${button}" on ${this.path}: ${this.text.slice(0, 300)}`);
    const form = found.first().closest("form");
    const fields: Record<string, string> = {};
    for (const input of form.find("input[name], select[name]").toArray()) {
      const name = $(input).attr("name") ?? "";
      const typed = this.#typed.get(name);
      if ($(input).is("[type=checkbox]")) {
        if (typed === undefined ? $(input).is("[checked]") : typed !== "") {
          fields[name] = $(input).attr("value") ?? "on";
        }
      } else if ($(input).is("select")) {
        const options = $(input).find("option").toArray();
        const chosen = typed === undefined ? options.find((o) => $(o).is("[selected]")) : undefined;
        const byWords = options.find((o) => $(o).text().trim() === typed);
        fields[name] = byWords
          ? ($(byWords).attr("value") ?? "")
          : (typed ?? $(chosen ?? options[0]).attr("value") ?? "");
      } else fields[name] = typed ?? $(input).attr("value") ?? "";
    }
    return { action: form.attr("action") ?? this.path, method: form.attr("method") ?? "get", fields };
  }

  /** Presses the button with these words, sending its form with what was typed. */
  async press(words: string): Promise<this> {
    const { action, method, fields } = this.fieldsOf(words);
    this.#typed.clear();
    return method === "post" ? this.post(action, fields) : this.open(action);
  }

  /** Follows the link with these words. */
  async follow(words: string): Promise<this> {
    const $ = this.$;
    const link = $("a").filter((_, a) => $(a).text().replace(/\s+/g, " ").trim() === words);
    if (link.length === 0) throw new Error(`No link "${words}" on ${this.path}`);
    return this.open(link.first().attr("href") ?? "");
  }

  /** One request without following redirects; cookies are sent but not kept. */
  async raw(path: string, init: RequestInit = {}): Promise<Answer> {
    const headers = {
      "user-agent": this.userAgent,
      ...(this.https && { "x-forwarded-proto": "https" }),
      ...(init.headers as Record<string, string>),
    };
    const cookie = this.cookieHeader();
    const response = await fetch(new URL(path, this.origin), {
      ...init,
      redirect: "manual",
      headers: cookie ? { cookie, ...headers } : headers,
    });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** Another visitor with a copy of the cookies: another tab. */
  tab(): Visitor {
    const tab = new Visitor(this.origin, this.userAgent);
    tab.cookies = new Map(this.cookies);
    tab.https = this.https;
    return tab;
  }

  async #go(
    method: string,
    path: string,
    body?: string,
    headers: Record<string, string> = {},
  ): Promise<this> {
    let [verb, address, payload] = [method, path, body];
    for (let hops = 0; hops < 10; hops++) {
      const form = payload === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" };
      const answer = await this.raw(address, {
        method: verb,
        ...(payload === undefined ? {} : { body: payload }),
        headers: { ...form, ...(this.address && { "x-forwarded-for": this.address }), ...headers },
      });
      this.#keepCookies(answer.headers);
      const location = answer.headers.get("location");
      if (answer.status >= 300 && answer.status < 400 && location) {
        [verb, address, payload] = ["GET", location, undefined];
        continue;
      }
      Object.assign(this, {
        status: answer.status,
        headers: answer.headers,
        html: answer.body,
        path: address,
      });
      this.#typed.clear();
      return this;
    }
    throw new Error(`Too many redirects from ${path}`);
  }

  #keepCookies(headers: Headers): void {
    if (!this.keepsCookies) return;
    for (const line of headers.getSetCookie()) {
      const [pair = "", ...attributes] = line.split("; ");
      const at = pair.indexOf("=");
      const gone = attributes.some((attribute) => attribute === "Expires=Thu, 01 Jan 1970 00:00:00 GMT");
      if (gone) this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }

  #labelled(label: string): string {
    const $ = this.$;
    const found = $("label, [id$='-label']").filter((_, l) => $(l).text().trim() === label);
    if (found.length === 0)
      throw new Error(`No field "${label}" on ${this.path}: ${this.text.slice(0, 300)}`);
    return found.first().attr("for") ?? (found.first().attr("id") ?? "").replace(/-label$/, "");
  }

  #buttons(words: string) {
    const $ = this.$;
    return $("button").filter((_, b) => $(b).text().replace(/\s+/g, " ").trim() === words);
  }
}
