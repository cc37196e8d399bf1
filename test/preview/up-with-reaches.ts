/**
 * Brings a preview up as the command does, with a policy that says what previews may call of others: that setting is read from the
 * checkout that a command belongs to. A process of its own, as Node.js reads the sandbox's certificate authority when it begins.
 *
 *     up-with-reaches.ts PROGRAM OPTIONS REACHES     the last two as JSON
 */
import { resolve } from "node:path";
import { review } from "../../preview/review";
import { readPreviewPolicy } from "../../preview/settings";
import { up, type UpOptions } from "../../preview/up";
import { type PreviewReach } from "../../program/previews/reach";

async function main([program = "", options = "", reaches = ""]: readonly string[]): Promise<void> {
  const policy = await readPreviewPolicy(resolve(__dirname, "../.."));
  const never = new AbortController().signal;
  const reached = { ...policy, reaches: JSON.parse(reaches) as readonly PreviewReach[] };
  const { report } = await up(
    {
      ...{ program, project: policy.project, environment: process.env, say: () => undefined },
      ...{ secrets: new Set<string>(), signal: never, engineSignal: never, lockTimeout: 0, takeOver: false },
    },
    reached,
    JSON.parse(options) as UpOptions,
    (planned, base) => review(planned, base, reached),
  );
  process.stdout.write(JSON.stringify(report));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});
