import { likePattern, searchWords } from "../../src/base/search-words";

it.each([
  ["", []],
  ["  ada   lovelace ", ["ada", "lovelace"]],
  ["a b c d e f g h", ["a", "b", "c", "d", "e", "f"]],
  [`${"x".repeat(199)} y`, ["x".repeat(199)]],
])("the search %j has the words %j", (text, words) => {
  expect(searchWords(text)).toEqual(words);
});

it.each([
  ["love", "%love%"],
  ["lo", "% lo%"],
  ["100%", "%100\\%%"],
  ["_", "% \\_%"],
  ["a\\", "% a\\\\%"],
  ["李明", "% 李明%"],
])("the word %j is looked for as %j", (word, pattern) => {
  expect(likePattern(word)).toBe(pattern);
});
