import { expect } from "vitest";
import { type Sandbox } from "../../sandbox/sandbox";
import { arm } from "./azure";

/** Calls Azure Resource Manager, which has to do what is asked. @returns its answer. */
export async function azure(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<unknown> {
  const answer = await arm(sandbox, method, path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
  return answer.body;
}

/** Makes a vault that goes by Azure's roles, and its resource group, `mesh`. */
export async function makeVault(sandbox: Sandbox, path: string): Promise<void> {
  await azure(sandbox, "PUT", "/resourceGroups/mesh?api-version=2022-09-01", { location: "westeurope" });
  await azure(sandbox, "PUT", `${path}?api-version=2024-11-01`, {
    location: "westeurope",
    properties: {
      tenantId: sandbox.emulator.credentials.tenantId,
      sku: { family: "A", name: "standard" },
      enableRbacAuthorization: true,
    },
  });
}
