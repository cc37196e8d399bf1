import { createResource } from "./create";
import { checkInputs } from "./check";
import { diffConfiguration, readConfiguration } from "./configuration";
import { decodeYaml } from "./decode-yaml";
import { deleteResource } from "./delete";
import { diffResource } from "./diff";
import type { RetryPolicy } from "./client/http";
import { readResource } from "./read";
import { openSession, type Session } from "./session";
import { standsInFor, unsupported } from "./unsupported";
import { updateResource } from "./update";
import type { ResourceProvider } from "../protocol";

/**
 * The sandbox's kubernetes provider: stands in for pulumi-kubernetes where its plugin cannot be had. It behaves as the real one does
 * in its default mode, server-side apply, on a real API server.
 *
 * @param environment Variables such as KUBECONFIG and PULUMI_K8S_DELETE_UNREACHABLE.
 * @param retry Overrides how long to retry, for tests.
 */
export function createKubernetesProvider(
  environment: NodeJS.ProcessEnv,
  retry: Partial<RetryPolicy> = {},
): ResourceProvider {
  let session: Session | undefined;
  const configured = (): Session => {
    if (session === undefined) throw new Error("The kubernetes provider has not been configured yet");
    return session;
  };
  return {
    name: "kubernetes",
    version: standsInFor,
    supportsAutonaming: true,
    diffConfig: async ({ oldInputs, newInputs }) => diffConfiguration(oldInputs, newInputs),
    configure: async ({ inputs }) => {
      session = openSession(readConfiguration(inputs, environment), retry);
    },
    check: (request, context) => checkInputs(configured(), request, context),
    diff: (request) => diffResource(configured(), request),
    create: (request, context) => createResource(configured(), request, context),
    read: (request, context) => readResource(configured(), request, context),
    update: (request, context) => updateResource(configured(), request, context),
    delete: (request, context) => deleteResource(configured(), request, context),
    construct: async (type) => {
      throw new Error(unsupported(type) ?? `${type} is no component of the kubernetes provider`);
    },
    invoke: async ({ token, args }) => {
      if (token !== "kubernetes:yaml:decode") {
        throw new Error(unsupported(token) ?? `${token} is not supported by the sandbox's kubernetes provider`);
      }
      const { text, defaultNamespace } = args;
      if (typeof text !== "string") return { failures: [{ property: "text", reason: "missing; write the YAML text" }] };
      const namespace = typeof defaultNamespace === "string" ? defaultNamespace : undefined;
      return { result: { result: await decodeYaml(configured(), text, namespace) } };
    },
  };
}
