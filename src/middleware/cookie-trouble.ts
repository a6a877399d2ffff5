import type { RequestHandler } from "express";
import { Refusal } from "../base/refusal";
import { cookieTrouble, proxySaysHttps } from "../web/cookie-trouble";
import type { Desk } from "../web/desk";

/**
 * Where browsers cannot be given the session cookie, forms are refused with the reason before anything is checked: a
 * right password would lead back to the sign-in page for ever. The operator is told each reason once, also that
 * people come over https while BASE_URL is http, so that the cookie is not Secure.
 */
export function explainCookieTrouble(desk: Desk): RequestHandler {
  const told = new Set<string>();
  const tellOnce = (words: string) => {
    if (!told.has(words)) desk.log.warn({}, words);
    told.add(words);
  };
  const { origin } = desk.baseUrl;
  return (req, res, next) => {
    const trouble = cookieTrouble({ req, res, desk });
    if (trouble) {
      tellOnce(trouble.forOperator);
      if (req.method === "POST") throw new Refusal(trouble.status, trouble.sentence);
    } else if (!desk.cookie.secure && (req.secure || proxySaysHttps({ req }))) {
      tellOnce(
        `People come over https, but BASE_URL is ${origin}, so their cookie is not Secure and links in mail lead to http. ` +
          "Set BASE_URL to the https address",
      );
    }
    next();
  };
}
