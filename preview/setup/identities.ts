/** Containers for states, and who they are for. */
export const containers = {
  /** Of the stacks that previews share. */
  nonprod: "nonprod",
  /** What previews may know of those: their states without secrets, as `aks-mesh preview publish` writes them. */
  shared: "shared",
  /** Of previews, and nothing else: a pull request's code can read and write all that is in here. */
  previews: "previews",
  prod: "prod",
} as const;

export type ContainerName = keyof typeof containers;

/** Keys of the states' secrets, each for the container of its name. What is in `shared` has no secrets. */
export type KeyName = "pulumi-nonprod" | "pulumi-previews" | "pulumi-prod";

/** Azure's built-in roles, by their ids. */
export const roles = {
  "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
  "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
  "Key Vault Crypto User": "12338af0-0e69-4776-bea7-57ae8d297424",
  Reader: "acdd72a7-3385-48ef-bd42-f606fba81ae7",
  Contributor: "b24988ac-6180-42a0-ab88-20f7382dd24c",
  "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
  AcrPull: "7f951dda-4ed3-4680-a7ca-43fe172d538d",
  AcrPush: "8311e382-0749-4cb8-b61a-304f252e45ec",
  "Azure Kubernetes Service Cluster User Role": "4abbcc35-e782-43d8-92c5-2d3f1bd2253f",
} as const;

export type RoleName = keyof typeof roles;

/** What a role is granted on. */
export type Place =
  | { readonly container: ContainerName }
  | { readonly key: KeyName }
  | { readonly cluster: "shared" | "production" }
  /** The registry for images of previews, and nothing else. */
  | { readonly registry: "previews" }
  | "subscription";

/** An identity without a password, which one kind of job may take. */
export interface IdentityDefinition {
  /** The environment on GitHub whose jobs may take it. */
  readonly environment: string;
  /** Whether a pull request's code runs in those jobs. */
  readonly runsPullRequests: boolean;
  readonly grants: readonly (readonly [RoleName, Place])[];
}

/** Every identity, and all that it may do in Azure. */
export const identities = {
  /** Brings previews up and takes them down. The pull request's code may do whatever this may. */
  "aks-mesh-preview": {
    environment: "preview",
    runsPullRequests: true,
    grants: [
      ["Storage Blob Data Contributor", { container: "previews" }],
      ["Key Vault Crypto User", { key: "pulumi-previews" }],
      ["Storage Blob Data Reader", { container: "shared" }],
      ["Reader", "subscription"],
      ["Azure Kubernetes Service Cluster User Role", { cluster: "shared" }],
      ["AcrPull", { registry: "previews" }],
    ],
  },
  /** Builds and pushes a pull request's images, whose Dockerfiles are its code too. */
  "aks-mesh-preview-images": {
    environment: "preview-images",
    runsPullRequests: true,
    grants: [["AcrPush", { registry: "previews" }]],
  },
  /** Publishes what previews may know of the stack that they share. */
  "aks-mesh-publish": {
    environment: "preview-publish",
    runsPullRequests: false,
    grants: [
      ["Storage Blob Data Reader", { container: "nonprod" }],
      ["Key Vault Crypto User", { key: "pulumi-nonprod" }],
      ["Storage Blob Data Contributor", { container: "shared" }],
    ],
  },
  /** Plans deployments of production and looks for drift. */
  "aks-mesh-plan": {
    environment: "production-plan",
    runsPullRequests: false,
    grants: [
      ["Storage Blob Data Reader", { container: "prod" }],
      ["Key Vault Crypto User", { key: "pulumi-prod" }],
      ["Reader", "subscription"],
      ["Azure Kubernetes Service Cluster User Role", { cluster: "production" }],
    ],
  },
  /** Deploys production, once somebody has approved it. */
  "aks-mesh-deploy": {
    environment: "production",
    runsPullRequests: false,
    grants: [
      ["Storage Blob Data Contributor", { container: "prod" }],
      ["Key Vault Crypto User", { key: "pulumi-prod" }],
      ["Contributor", "subscription"],
      ["Role Based Access Control Administrator", "subscription"],
    ],
  },
} as const satisfies Readonly<Record<string, IdentityDefinition>>;
