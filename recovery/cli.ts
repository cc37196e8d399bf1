import { parseArgs } from "node:util";
import { recover } from ".";
import { capture } from "./capture";
import { subscriptionOf } from "./subscription";

/** `npm run recover -- --stack NAME`: see `recover`. */
async function main(): Promise<void> {
  const { stack } = parseArgs({ options: { stack: { type: "string" } } }).values;
  if (stack === undefined) throw new Error("Say which stack: npm run recover -- --stack dev");
  const count = await recover({
    pulumi: (args) => capture("pulumi", args),
    stack,
    subscriptionId: await subscriptionOf(stack),
    report: (message) => console.error(message),
  });
  console.log(
    count === 0 ? `Nothing was under way on stack ${stack}.` : `Stack ${stack} is ready for the next \`pulumi up\`.`,
  );
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
