// Says which images a checkout's application has: node declared.cjs CHECKOUT STACK, with a channel to whoever started it. A process of its
// own, since it runs the code of that checkout.
/* eslint-disable @typescript-eslint/no-require-imports -- plain CommonJS, run by node as it is */
"use strict";

const { join } = require("node:path");

const [, , checkout, stack] = process.argv;

function images() {
  const { stacks } = require("../../scripts/load-typescript.cjs")(join(checkout, "stacks", "index.ts"));
  const definition = Object.hasOwn(stacks, stack) ? stacks[stack] : undefined;
  if (definition === undefined) throw new Error(`There is no stack ${stack} in stacks/index.ts.`);
  const { application } = definition;
  // Which mesh it runs on says nothing about how an image is built: that of one is as good as that of the other.
  return ["osm", "istio"].flatMap((mesh) =>
    Object.entries((typeof application === "function" ? application(mesh) : application).images ?? {}),
  );
}

try {
  process.send(Object.fromEntries(images()), () => process.disconnect());
} catch (error) {
  // Said here, in one line: whoever loads a program's TypeScript answers for what nobody catches.
  process.stderr.write(`\n${String(error).replace(/\s*\n\s*/g, " ")}\n`, () => process.exit(1));
}
