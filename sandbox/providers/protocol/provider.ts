/**
 * What a resource provider is to the rest of the sandbox: a plain object of asynchronous functions on plain typed values.
 * `serveProvider` speaks Pulumi's protocol for it.
 */
import { type PropertyMap } from "./property-value";

/** Messages to the user, shown by the engine beside the resource they are about. */
export interface EngineLog {
  debug(message: string): void;
  info(message: string): void;
  warning(message: string): void;
  error(message: string): void;
  /** A passing remark in the resource's line, such as what is being waited for. Not kept in the diagnostics. */
  status(message: string): void;
}

/** What every call gets beside its request. */
export interface CallContext {
  /** Aborted when the engine cancels the operation: stop waiting, and report what is known of the resource. */
  readonly signal: AbortSignal;
  readonly log: EngineLog;
}

/** Which resource a request is about. */
export interface ResourceIdentity {
  readonly urn: string;
  /** The type token, as `azure-native:resources:ResourceGroup`. */
  readonly type: string;
  /** The logical name. */
  readonly name: string;
}

export interface ConfigureRequest {
  /** The provider's inputs. Nested values are JSON text; secrets are marked. */
  readonly inputs: PropertyMap;
}

export interface CheckRequest extends ResourceIdentity {
  readonly oldInputs: PropertyMap;
  readonly newInputs: PropertyMap;
  /** Bytes from which names are to be derived, so that a plan and its execution choose the same. Empty: choose freely. */
  readonly randomSeed: Uint8Array;
  /** The user's autonaming configuration, if there is one: a name to refine, a name to take as it is, or no autonaming. */
  readonly autonaming?:
    { readonly mode: "propose" | "enforce"; readonly proposedName: string } | { readonly mode: "disable" };
}

/** A property that cannot be accepted. */
export interface CheckFailure {
  /** Path of the property; empty for the resource as a whole. */
  readonly property: string;
  readonly reason: string;
}

export interface CheckResult {
  /** The inputs with defaults filled in: what Diff and Create get. */
  readonly inputs: PropertyMap;
  readonly failures?: readonly CheckFailure[];
}

export interface DiffRequest extends ResourceIdentity {
  readonly id: string;
  readonly oldInputs: PropertyMap;
  readonly oldOutputs: PropertyMap;
  readonly newInputs: PropertyMap;
  /** Property paths whose changes the user asked to overlook. */
  readonly ignoreChanges: readonly string[];
}

/** How one property changes, and whether the resource must be replaced for it. */
export type PropertyDiffKind = "add" | "add-replace" | "delete" | "delete-replace" | "update" | "update-replace";

export interface PropertyDiff {
  readonly kind: PropertyDiffKind;
  /** True when old inputs were compared with new ones, false when old outputs were. Default true. */
  readonly inputDiff?: boolean;
}

export interface DiffResult {
  readonly changes: "none" | "some";
  /** By property path, as `formatPropertyPath` writes it. */
  readonly detailedDiff: Readonly<Record<string, PropertyDiff>>;
  /** The old resource has to go before the new one comes, as both would have the same name. Default false. */
  readonly deleteBeforeReplace?: boolean;
  /** Output properties that this change is known to leave as they are. */
  readonly stables?: readonly string[];
}

export interface CreateRequest extends ResourceIdentity {
  readonly inputs: PropertyMap;
  /** True in a preview: nothing may be changed, and inputs may hold unknowns. */
  readonly preview: boolean;
  /** From `customTimeouts`; undefined leaves the choice to the provider. */
  readonly timeoutSeconds?: number;
}

export interface CreateResult {
  /** Empty in a preview. */
  readonly id: string;
  readonly outputs: PropertyMap;
}

export interface ReadRequest extends ResourceIdentity {
  readonly id: string;
  /** The inputs in the state; empty for an import. */
  readonly oldInputs: PropertyMap;
  /** The outputs in the state; empty for an import. */
  readonly oldOutputs: PropertyMap;
  readonly timeoutSeconds?: number;
}

export interface ReadResult {
  readonly id: string;
  readonly outputs: PropertyMap;
  /** The inputs that would lead to this resource; for an import they go to the state and into the generated program. */
  readonly inputs: PropertyMap;
}

export interface UpdateRequest extends DiffRequest {
  readonly preview: boolean;
  readonly timeoutSeconds?: number;
}

export interface DeleteRequest extends ResourceIdentity {
  readonly id: string;
  readonly oldInputs: PropertyMap;
  readonly oldOutputs: PropertyMap;
  readonly timeoutSeconds?: number;
}

export interface InvokeRequest {
  readonly token: string;
  readonly args: PropertyMap;
}

/** A resource provider. Functions reject with an Error whose message is for the user. */
export interface ResourceProvider {
  /** The package's name, as `azure-native`. */
  readonly name: string;
  /** The package's version, without `v`. */
  readonly version: string;
  /** Whether Check makes use of `autonaming`. */
  readonly supportsAutonaming: boolean;
  /**
   * Whether requests keep their secret marks. Where not, the engine takes them off, and marks those outputs that have the name
   * of a secret input. Default true.
   */
  readonly acceptsSecrets?: boolean;

  /** The package's schema as JSON text. Default: an empty schema, enough for running programs. */
  getSchema?(): Promise<string>;
  /** Default: the new inputs, unchanged. */
  checkConfig?(request: CheckRequest, context: CallContext): Promise<CheckResult>;
  /** Default: never a replacement, which would replace every resource of this provider. */
  diffConfig?(request: DiffRequest, context: CallContext): Promise<DiffResult>;
  /** Called once, before all that follow. */
  configure(request: ConfigureRequest, context: CallContext): Promise<void>;

  check(request: CheckRequest, context: CallContext): Promise<CheckResult>;
  diff(request: DiffRequest, context: CallContext): Promise<DiffResult>;
  /** Rejects with a `ResourceInitializationError` when there is a resource now, but not as it should be. */
  create(request: CreateRequest, context: CallContext): Promise<CreateResult>;
  /** Undefined: the resource is gone. */
  read(request: ReadRequest, context: CallContext): Promise<ReadResult | undefined>;
  /** Gives the outputs. Rejects with a `ResourceInitializationError` when only a part was changed. */
  update(request: UpdateRequest, context: CallContext): Promise<PropertyMap>;
  delete(request: DeleteRequest, context: CallContext): Promise<void>;
  /** Rejects with the reason why the package's component of this type cannot be made. Default: that there are no components. */
  construct?(type: string): Promise<never>;
  /** Gives the result, or the arguments that cannot be accepted. */
  invoke(
    request: InvokeRequest,
    context: CallContext,
  ): Promise<{ readonly result: PropertyMap } | { readonly failures: readonly CheckFailure[] }>;
}
