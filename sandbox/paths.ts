import { dirname, join } from "node:path";

/** The checkout: where the Pulumi program stands that the sandbox runs. */
export const programDirectory = dirname(__dirname);

/** Where everything of one sandbox lives. Two checkouts have two sandboxes, and nothing lies outside of these folders. */
export interface SandboxPaths {
  /** The sandbox itself, by default `.sandbox` in the checkout. */
  readonly directory: string;
  /** `PULUMI_HOME`: the provider plugins and nothing of the user's. */
  readonly pulumiHome: string;
  /** The Pulumi backend (`file://`): every stack's state. */
  readonly state: string;
  /** A copy of the project's Pulumi.yaml and stack settings, so that Pulumi never writes into the checkout. */
  readonly project: string;
  /** The passphrase of the stacks' secrets, readable by the owner only. */
  readonly passphrase: string;
  /** Where the ARM emulator says on which port it listens, and in which process. */
  readonly arm: string;
  /** The emulator's subscription, tenant and service principal, readable by the owner only. */
  readonly credentials: string;
  /** The certificate authority that signed the emulator's certificate. */
  readonly certificateAuthority: string;
  /** Log files of the emulator and of what it starts. */
  readonly logs: string;
}

/** The paths of the sandbox in a directory. */
export function sandboxPaths(directory = join(programDirectory, ".sandbox")): SandboxPaths {
  return {
    directory,
    pulumiHome: join(directory, "pulumi-home"),
    state: join(directory, "state"),
    project: join(directory, "project"),
    passphrase: join(directory, "passphrase"),
    arm: join(directory, "arm.json"),
    credentials: join(directory, "credentials.json"),
    certificateAuthority: join(directory, "tls", "ca.pem"),
    logs: join(directory, "logs"),
  };
}
