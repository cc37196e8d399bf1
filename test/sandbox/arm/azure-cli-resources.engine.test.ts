import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type Json } from "../../../sandbox/arm/json";
import { derivedGuid } from "../../../sandbox/arm/resource-manager/resources";
import { besides } from "../clients/azure-cli/besides";
import {
  brokenTemplate,
  clusterTemplate,
  networkTemplate,
  refusedTemplate,
  subscriptionTemplate,
} from "../clients/azure-cli/templates";
import { type AzureCliSession, openAzureCliSession } from "./azure-cli-session";
import { startTestEmulator, type TestEmulator } from "./emulator";

let emulator: TestEmulator;
let session: AzureCliSession;
let fill: (text: string) => string;

beforeAll(async () => {
  emulator = await startTestEmulator();
  session = await openAzureCliSession(emulator);
  const { subscriptionId, clientId, objectId } = emulator.identity;
  const groupId = `/subscriptions/${subscriptionId}/resourceGroups/g1`;
  const file = (name: string, content: Json): string => {
    const path = join(session.directory, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };
  const words: Readonly<Record<string, string>> = {
    CLIENT: clientId,
    OBJECT: objectId,
    // The one that the emulator gives to the identity `id1`.
    PRINCIPAL: derivedGuid(
      "principal",
      `${groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1`.toLowerCase(),
    ),
    GROUP: groupId,
    VNET: `${groupId}/providers/Microsoft.Network/virtualNetworks/v1`,
    SUBTEMPLATE: file("subscription.json", subscriptionTemplate),
    TEMPLATE: file("network.json", networkTemplate),
    BROKEN: file("broken.json", brokenTemplate),
    CLUSTERTEMPLATE: file("cluster.json", clusterTemplate),
    REFUSED: file("refused.json", refusedTemplate),
    SUB: subscriptionId,
    URL: emulator.url,
  };
  fill = (text) => text.replaceAll(/\b[A-Z]+\b/g, (word) => words[word] ?? word);
}, 900_000);

afterAll(async () => {
  await session.close();
  await emulator.close();
});

describe.each(Object.entries(besides))("az: %s", (_, commands) => {
  it.each(commands.map(([line, expected]) => ({ line, expected })))(
    "$line",
    { timeout: 120_000 },
    async ({ line, expected }) => {
      if (expected instanceof RegExp) {
        const outcome = await session.az(fill(line)).then(
          (output) => JSON.stringify(output),
          (error: unknown) => String(error),
        );
        expect(outcome).toMatch(expected);
        return;
      }
      expect(await session.az(fill(line))).toEqual(JSON.parse(fill(JSON.stringify(expected))));
    },
  );
});
