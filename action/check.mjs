#!/usr/bin/env node
// What .pre-commit-hooks.yaml runs.
import { run } from "./commands.mjs";

process.exitCode = await run("check", process.argv.slice(2));
