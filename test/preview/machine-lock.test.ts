import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, it } from "vitest";
import { typescriptArguments } from "../../scripts/typescript-arguments";
import { tryMachineLock } from "../../preview/machine-lock";

/** A name that no other test has. */
const name = () => `test ${process.pid} ${Math.random()}`;

it("belongs to one at a time, who is named to the others", async () => {
  const lock = name();
  const first = await tryMachineLock(lock, "the first");
  expect(await tryMachineLock(lock, "the second")).toBe("the first");
  expect(typeof (await tryMachineLock(name(), "elsewhere"))).toBe("object");
  if (typeof first === "string") throw new Error(first);
  await first.release();
  const third = await tryMachineLock(lock, "the third");
  if (typeof third === "string") throw new Error(third);
  await third.release();
});

it("is free again when its process was killed", async () => {
  const lock = name();
  const script = `
    const { tryMachineLock } = require(${JSON.stringify(join(__dirname, "../../preview/machine-lock.ts"))});
    tryMachineLock(${JSON.stringify(lock)}, "a process").then(() => process.stdout.write("held"));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, [...typescriptArguments, "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  expect(await tryMachineLock(lock, "me")).toBe("a process");
  child.kill("SIGKILL");
  await once(child, "close");
  const mine = await tryMachineLock(lock, "me");
  if (typeof mine === "string") throw new Error(mine);
  await mine.release();
});
