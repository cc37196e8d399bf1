import { type MessageShape } from "./shape";

/** What Pulumi's engine and command line say themselves, about resources and settings by their names. */
export const pulumiShapes: readonly MessageShape[] = [
  { shape: "update failed", example: "update failed" },
  { shape: "preview failed", example: "preview failed" },
  {
    shape: "Duplicate resource URN '{urn}'; try giving it a unique name",
    example:
      "Duplicate resource URN 'urn:pulumi:dev::shop::azure-native:resources:ResourceGroup::bad'; try giving it a unique name",
  },
  {
    shape: "an unhandled error occurred: Program exited with non-zero exit code: {number}",
    example: "an unhandled error occurred: Program exited with non-zero exit code: 3",
  },
  {
    shape: "Missing required configuration variable '{name}'",
    example: "Missing required configuration variable 'aks-mesh:nothing'",
  },
  {
    shape: "\tplease set a value using the command `pulumi config set {name} <value>`",
    example: "\tplease set a value using the command `pulumi config set aks-mesh:nothing <value>`",
  },
  {
    shape: "validating stack config: Stack '{name}' is missing configuration value '{name}'",
    example: "validating stack config: Stack 'pr-12' is missing configuration value 'location'",
  },
  {
    shape: "cannot create already existing resource '{id}'",
    example:
      "cannot create already existing resource '/subscriptions/18a2e8bb-6818-46e0-9c8c-20ef24d20f30/resourceGroups/aks-mesh-dev'",
  },
  {
    shape: "cannot check existence of resource '{id}': status code {number}{rest}",
    example: "cannot check existence of resource '/subscriptions/a': status code 403, {\"error\":{}}",
  },
  { shape: "no stack named '{name}' found", example: "no stack named 'dev' found" },
  {
    shape: "the stack is currently locked by {number} lock(s).{rest}",
    example:
      "the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file with `pulumi cancel`.",
  },
  { shape: "missing required property '{name}'", example: "missing required property 'resourceGroupName'" },
  {
    shape: "operation timed out after {number} s (customTimeouts)",
    example: "operation timed out after 8 s (customTimeouts)",
  },
  {
    shape: "could not load plugin for {name} provider '{urn}': {rest}",
    example:
      "could not load plugin for kubernetes provider 'urn:pulumi:dev::shop::pulumi:providers:kubernetes::p': no such file",
  },
  {
    shape: "no resource plugin '{name}' found{rest}",
    example: "no resource plugin 'pulumi-resource-aws' found in the workspace or on your $PATH",
  },
  { shape: "failed to load plugin{rest}", example: "failed to load plugin /home/a: exit status 1" },
  {
    shape: 'resource "{urn}" cannot be {words}',
    example:
      'resource "urn:pulumi:dev::shop::azure-native:storage:StorageAccount::a" cannot be deleted because it is protected',
  },
  {
    shape: "{words} is not allowed by the plan: {words}",
    example: "create is not allowed by the plan: no steps were expected for this resource",
  },
  {
    shape: "resource {urn} violates plan: {rest}",
    example: "resource urn:pulumi:dev::shop::kubernetes:core/v1:ConfigMap::a violates plan: properties changed: ~~data",
  },
  { shape: "connection error: {words}", example: "connection error: code" },
];
