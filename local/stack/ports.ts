import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

const HOST = '127.0.0.1';

/** So many free ports of 127.0.0.1. Until this process ends, each is free for the server that is told to listen on it. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => listen(0)));
  const ports = await Promise.all(servers.map(holdPort));
  for (const server of servers) server.close();
  return ports;
}

/**
 * Connects a server of 127.0.0.1 to itself, until this process ends. While a connection stands, the system gives the port
 * to no client and to no server that asks for any free port, also once this server has closed. A server that asks for
 * this port gets it.
 */
export async function holdPort(server: Server): Promise<number> {
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  connect(port, HOST).unref();
  const [socket] = await accepted;
  socket.unref();
  return port;
}

/** Whether a process listens on this port of 127.0.0.1, or this user may not listen on it. */
export async function isTaken(port: number): Promise<boolean> {
  try {
    const server = await listen(port);
    server.close();
    await once(server, 'close');
    return false;
  } catch {
    return true;
  }
}

async function listen(port: number): Promise<Server> {
  const server = createServer().listen(port, HOST);
  await once(server, 'listening');
  return server;
}
