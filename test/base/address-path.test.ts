import { routePathOf } from "../../src/base/address-path";

it.each([
  ["/sign-in", "/sign-in"],
  ["/Sign-In/?next=/x", "/sign-in"],
  ["/", "/"],
  ["/sign-in#part", "/sign-in"],
  ["http://localhost:3000/Sign-in?x", "/sign-in"],
  ["HTTPS://auth.example.com/sign-in/", "/sign-in"],
  ["http://localhost?x", "/"],
  ["http://localhost", "/"],
  ["//sign-in", "//sign-in"],
  ["*", "*"],
  [undefined, "/"],
])("%s is taken for the route %s", (address, path) => {
  expect(routePathOf(address)).toBe(path);
});
