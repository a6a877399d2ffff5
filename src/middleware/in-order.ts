import type { RequestHandler } from "express";

/**
 * Hands a request to one after the other, as Express does with those it is given by `use` without a path: until one answers,
 * or fails by throwing, by rejecting or by what it passes on. Express itself looks for each anew whether it is meant by the
 * address, at 0.3 microseconds each for a request that passes twenty.
 */
export function inOrder(handlers: readonly RequestHandler[]): RequestHandler {
  return (req, res, next) => {
    let at = 0;
    function passOn(error?: unknown) {
      if (error) return next(error);
      const handler = handlers[at];
      at += 1;
      if (!handler) return next();
      try {
        const answered: unknown = handler(req, res, passOn);
        if (answered instanceof Promise) answered.catch(fail);
      } catch (error) {
        fail(error);
      }
    }
    // Also where somebody threw nothing at all.
    function fail(error: unknown): void {
      next(error || new Error("A request failed without saying why"));
    }
    passOn();
  };
}
