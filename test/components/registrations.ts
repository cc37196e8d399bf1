import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";

/** A resource as the program registered it, options included. */
export interface Registration {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
  readonly parent: string;
  readonly dependsOn: readonly string[];
  readonly deletedWith: string;
  readonly retainOnDelete: boolean;
  readonly ignoreChanges: readonly string[];
}

/** The last part of a URN: the resource's name. */
function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}

/**
 * Starts Pulumi's mocks and records what is registered. Mocks alone do not tell options, so the request itself is read.
 *
 * @param outputs what resources of a type answer beside their inputs.
 */
export async function recordRegistrations(
  outputs: Readonly<Record<string, Record<string, unknown>>> = {},
): Promise<Registration[]> {
  const registrations: Registration[] = [];
  const register = MockMonitor.prototype.registerResource;
  await pulumi.runtime.setMocks(
    {
      call: (args) => args.inputs,
      newResource: (args) => ({ id: `${args.name}-id`, state: { ...args.inputs, ...outputs[args.type] } }),
    },
    "project",
    "stack",
  );
  MockMonitor.prototype.registerResource = function (request, callback) {
    registrations.push({
      type: request.getType(),
      name: request.getName(),
      inputs: pulumi.runtime.deserializeProperties(request.getObject()),
      parent: nameOf(request.getParent()),
      dependsOn: request.getDependenciesList().map(nameOf),
      deletedWith: nameOf(request.getDeletedwith()),
      retainOnDelete: request.getRetainondelete(),
      ignoreChanges: request.getIgnorechangesList(),
    });
    return register.call(this, request, callback);
  };
  return registrations;
}

/** Value of an Output. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

/** Waits until everything that was begun is registered, as the program does before it ends. */
export function allRegistered(): Promise<void> {
  return pulumi.runtime.disconnect();
}
