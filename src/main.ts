import { runCommand } from "./commands/run-command";

runCommand(["serve", ...process.argv.slice(2)], process.env, process).then((code) => {
  if (code !== undefined) process.exit(code);
});
