import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** An upload that is held in the middle. */
export interface HeldUpload {
  /** Lets it go on. */
  release(): void;
  /** Breaks its connection, and each other on which it is sent again until `mend`: a browser does so by itself. */
  cut(): void;
}

/** What browsers see as S3: every byte goes through, unless a test asks for something else. */
export interface S3Proxy {
  readonly url: string;
  /** Holds the next upload when so many of its bytes have come. */
  holdNext(bytes: number): Promise<HeldUpload>;
  mend(): void;
  /** Takes the version id out of S3's next response to an upload. */
  hideNextVersion(): void;
  /** Lets S3 store the next upload, and holds its response for ever. Resolves when that has come. */
  holdNextResponse(): Promise<void>;
  /** Lets S3 store the next upload, and breaks its connection in place of the response; and each later one until `mend`, if asked. */
  loseNextResponse(options?: { readonly untilMend: boolean }): void;
}

const VERSION_HEADER = /\r\nx-amz-version-id:/i;

export async function startS3Proxy(s3Port: number, teardown: (stop: () => void) => void): Promise<S3Proxy> {
  let plan: { readonly bytes: number; readonly held: (upload: HeldUpload) => void } | undefined;
  let isVersionHidden = false;
  let isResponseLost = false;
  let responseHeld: (() => void) | undefined;
  let isDownAfterwards = false;
  let isDown = false;
  const sockets = new Set<Socket>();

  const server = createServer((client) => {
    const s3 = connect(s3Port, '127.0.0.1');
    const cut = () => {
      client.resetAndDestroy();
      s3.destroy();
    };
    let uploaded: number | undefined;
    let isResponseHeld = false;
    for (const socket of [client, s3]) {
      sockets.add(socket);
      socket.on('error', cut).on('close', () => sockets.delete(socket) && cut());
    }
    client.on('data', (chunk) => {
      if (/^(PUT|POST) /.test(chunk.toString('latin1', 0, 5))) uploaded = 0;
      if (uploaded !== undefined && isDown) return cut();
      if (uploaded !== undefined) uploaded += chunk.length;
      s3.write(chunk);
      if (!plan || uploaded === undefined || uploaded < plan.bytes) return;
      client.pause();
      plan.held({
        release: () => client.resume(),
        cut: () => {
          isDown = true;
          cut();
        },
      });
      plan = undefined;
    });
    s3.on('data', (chunk) => {
      if (uploaded !== undefined && responseHeld) {
        isResponseHeld = true;
        responseHeld();
        responseHeld = undefined;
      }
      if (isResponseHeld) return undefined;
      if (uploaded !== undefined && isVersionHidden && VERSION_HEADER.test(chunk.toString('latin1'))) {
        isVersionHidden = false;
        return client.write(chunk.toString('latin1').replace(VERSION_HEADER, '\r\nx-hidden:'), 'latin1');
      }
      if (uploaded === undefined || !isResponseLost) return client.write(chunk);
      isResponseLost = false;
      isDown = isDownAfterwards;
      cut();
      return undefined;
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    holdNext: (bytes) =>
      new Promise((held) => {
        plan = { bytes, held };
      }),
    mend() {
      isDown = false;
    },
    hideNextVersion() {
      isVersionHidden = true;
    },
    holdNextResponse: () =>
      new Promise((held) => {
        responseHeld = held;
      }),
    loseNextResponse({ untilMend } = { untilMend: false }) {
      isResponseLost = true;
      isDownAfterwards = untilMend;
    },
  };
}
