import { type CallContext, type ResourceProvider } from "../protocol";
import { type Translation } from "./body";
import { checkResource, type LocationCache } from "./check";
import { readConfiguration, type Environment } from "./configuration";
import { diffResource } from "./diff";
import { invoke } from "./invokes";
import { createResource, deleteResource, readResource, updateResource, type OperationContext } from "./operations";
import { resourceTypes } from "./resource-types";
import { resourceSchema } from "./schema/schema";
import { createSession, type Connect, type Session } from "./session";

/** What makes one azure-native different from another. */
export interface AzureNativeOptions {
  /** The version to be, without `v`. State changed with version 3: before, it held the inputs as `__inputs`. */
  readonly version: string;
  /** Where ARM_* variables are looked up, as `process.env`. */
  readonly environment: Environment;
  readonly connect: Connect;
}

/** azure-native, for the resource types in resource-types/: translates each call to requests of Azure Resource Manager. */
export function createAzureNativeProvider(options: AzureNativeOptions): ResourceProvider {
  const locations: LocationCache = new Map();
  const keepsInputsInState = Number.parseInt(options.version, 10) < 3;
  let session: Session | undefined;

  const configured = (): Session => {
    if (session === undefined) throw new Error("azure-native: not configured yet.");
    return session;
  };
  const operation = (context: CallContext): OperationContext => ({
    ...context,
    session: configured(),
    keepsInputsInState,
  });

  return {
    name: "azure-native",
    version: options.version,
    supportsAutonaming: true,
    acceptsSecrets: false,

    async configure({ inputs }) {
      session = createSession(readConfiguration(inputs, options.environment), options.connect);
    },
    check: (request, { signal }) =>
      checkResource(configured(), locations, translationOf(request.type), request, signal),
    diff: async (request) => diffResource(translationOf(request.type).type, request),
    create: (request, context) => createResource(translationOf(request.type), request, operation(context)),
    read: (request, context) => readResource(translationOf(request.type), request, operation(context)),
    update: (request, context) => updateResource(translationOf(request.type), request, operation(context)),
    delete: (request, context) => deleteResource(translationOf(request.type), request, operation(context)),
    invoke: (request, { signal }) => invoke(configured(), findTranslation, request, signal),
  };
}

function findTranslation(token: string): Translation | undefined {
  const type = resourceTypes[token];
  return type === undefined ? undefined : { type, schema: resourceSchema(token) };
}

function translationOf(token: string): Translation {
  const found = findTranslation(token);
  if (found !== undefined) return found;
  throw new Error(
    `Resource type ${token} not found: the sandbox's azure-native does not translate it. ` +
      "Add it to sandbox/providers/azure-native/resource-types/, then run schema/generate.ts there.",
  );
}
