import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { credentials, type ServiceError } from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/analyzer_pb";

/** A value that a preview does not know, as the engine marks it. */
export const unknownText = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A resource as the engine shows it to a policy pack. */
export interface Shown {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Names of the resources that a property comes from. */
  readonly from?: Readonly<Record<string, readonly string[]>>;
}

/** A violation, as the engine would print it. */
export interface Violation {
  readonly policy: string;
  readonly level: "advisory" | "mandatory";
  readonly message: string;
  /** Name of the resource; empty for the stack. */
  readonly on: string;
}

/** Configuration of policies, by name. */
export type Configuration = Readonly<
  Record<string, { readonly level?: Violation["level"]; readonly [key: string]: unknown }>
>;

/** The policy pack's process, asked as the engine asks it. */
export interface Analyzer {
  readonly policies: () => Promise<readonly proto.PolicyInfo.AsObject[]>;
  /** What it says of a stack: of each resource by itself, then of all. */
  readonly violations: (resources: readonly Shown[], configuration?: Configuration) => Promise<readonly Violation[]>;
  readonly close: () => Promise<void>;
}

/** The checkout's own policy pack. */
const ownPack = join(__dirname, "..", "..", "policy-pack");

/** Starts a policy pack as Pulumi does. */
export async function startAnalyzer(folder = ownPack): Promise<Analyzer> {
  const script = require.resolve("@pulumi/pulumi/cmd/run-policy-pack");
  const child = spawn(process.execPath, [script, "127.0.0.1:0", "."], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const port = await firstLine(child);
  const client = new AnalyzerClient(`127.0.0.1:${port}`, credentials.createInsecure());
  return {
    policies: async () => {
      const info = await call<proto.AnalyzerInfo>((answer) => client.getAnalyzerInfo(new Empty(), answer));
      return info.getPoliciesList().map((policy) => policy.toObject());
    },
    violations: async (resources, configuration = {}) => {
      const info = await call<proto.AnalyzerInfo>((answer) => client.getAnalyzerInfo(new Empty(), answer));
      await call((answer) => client.configure(configured(info, configuration), answer));
      const found: Violation[] = [];
      for (const resource of resources) {
        const request = new proto.AnalyzeRequest()
          .setType(resource.type)
          .setName(resource.name)
          .setUrn(urnOf(resource))
          .setProperties(struct(resource.inputs))
          .setOptions(options());
        const answer = await call<proto.AnalyzeResponse>((done) => client.analyze(request, done));
        found.push(...answer.getDiagnosticsList().map((diagnostic) => violation(diagnostic, resource.name)));
      }
      const request = new proto.AnalyzeStackRequest().setResourcesList(
        resources.map((resource) => analyzed(resource, resources)),
      );
      const answer = await call<proto.AnalyzeResponse>((done) => client.analyzeStack(request, done));
      found.push(
        ...answer.getDiagnosticsList().map((diagnostic) => violation(diagnostic, nameIn(diagnostic.getUrn()))),
      );
      return found;
    },
    close: async () => {
      client.close();
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("The policy pack has no standard output.");
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error("The policy pack ended before it said its port.");
}

/** With outputs that say nothing: what the policies say of the whole stack they say of inputs. */
function analyzed(resource: Shown, all: readonly Shown[]): proto.AnalyzerResource {
  const answer = new proto.AnalyzerResource()
    .setType(resource.type)
    .setName(resource.name)
    .setUrn(urnOf(resource))
    .setProperties(struct({}))
    .setOptions(options());
  for (const [property, names] of Object.entries(resource.from ?? {})) {
    const urns = names.map((name) => urnOf(all.find((candidate) => candidate.name === name) ?? resource));
    answer.getPropertydependenciesMap().set(property, new proto.AnalyzerPropertyDependencies().setUrnsList(urns));
  }
  return answer;
}

const levels = { advisory: proto.EnforcementLevel.ADVISORY, mandatory: proto.EnforcementLevel.MANDATORY } as const;

/** The configuration of all policies, with their own levels where none is set: as the engine fills it in. */
function configured(info: proto.AnalyzerInfo, configuration: Configuration): proto.ConfigureAnalyzerRequest {
  const request = new proto.ConfigureAnalyzerRequest();
  for (const policy of info.getPoliciesList()) {
    const { level, ...properties } = configuration[policy.getName()] ?? {};
    const one = new proto.PolicyConfig().setProperties(struct(properties));
    one.setEnforcementlevel(level === undefined ? policy.getEnforcementlevel() : levels[level]);
    request.getPolicyconfigMap().set(policy.getName(), one);
  }
  return request;
}

function violation(diagnostic: proto.AnalyzeDiagnostic, on: string): Violation {
  const level = diagnostic.getEnforcementlevel() === proto.EnforcementLevel.MANDATORY ? "mandatory" : "advisory";
  return { policy: diagnostic.getPolicyname(), level, message: diagnostic.getMessage(), on };
}

function urnOf({ type, name }: Shown): string {
  return `urn:pulumi:dev::shop::${type}::${name}`;
}

function nameIn(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}

function struct(value: Readonly<Record<string, unknown>>): Struct {
  const json: unknown = JSON.parse(JSON.stringify(value));
  return Struct.fromJavaScript(json as Parameters<typeof Struct.fromJavaScript>[0]);
}

function options(): proto.AnalyzerResourceOptions {
  return new proto.AnalyzerResourceOptions();
}

function call<Answer>(send: (answer: (error: ServiceError | null, value: Answer) => void) => void): Promise<Answer> {
  return new Promise((resolve, reject) => {
    send((error, value) => {
      if (error === null) resolve(value);
      else reject(error);
    });
  });
}
