#!/usr/bin/env node
import { runCommand } from "./commands/run-command";

runCommand(process.argv.slice(2), process.env, process).then((code) => {
  if (code !== undefined) process.exit(code);
});
