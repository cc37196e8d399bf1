import { Server, ServerCredentials } from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { createEngineConnection } from "./engine-log";
import { type ResourceProvider } from "./provider";
import { createProviderService } from "./service";

/** The engine's own limit for one message: large charts and states pass. */
const maxMessageBytes = 400 * 1024 * 1024;

/** A provider that is being served. */
export interface ServedProvider {
  readonly port: number;
  stop(): void;
}

/**
 * Serves a provider on a free port of the loopback interface.
 *
 * @param engineAddress Where the engine listens, if it is known already; else the handshake tells.
 */
export function serveProvider(provider: ResourceProvider, engineAddress = ""): Promise<ServedProvider> {
  const engine = createEngineConnection();
  engine.setAddress(engineAddress);

  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
  });
  server.addService(ResourceProviderService, createProviderService(provider, engine));
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error !== null) reject(error);
      else resolve({ port, stop: () => server.forceShutdown() });
    });
  });
}

/**
 * The main function of a plugin process: serves, prints the port as the engine expects, and ends when the engine does. The
 * engine holds the other end of our standard input for as long as it lives, however it dies.
 */
export async function runProviderPlugin(provider: ResourceProvider): Promise<void> {
  const { port } = await serveProvider(provider, process.argv[2]);
  process.stdin.on("end", () => process.exit(0)).resume();
  process.stdout.write(`${port}\n`);
}
