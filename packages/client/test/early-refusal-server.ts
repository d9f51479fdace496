// Run as a process of its own, because in one process the client's reads and the server's close take turns: refuses each upload
// after so many bytes of it, and closes the connection with the rest unread. Prints its port. Arguments: the key and the certificate of
// a TLS server; none for a plain one.
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { s3ErrorXml } from '../../../test/support/form-servers.ts';

const [keyFile, certFile] = process.argv.slice(2);
const BODY = s3ErrorXml('AccessDenied', 'Invalid according to Policy: Policy expired.');
const HEAD = `HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: ${BODY.length}\r\n\r\n`;
let connections = 0;

function refuse(socket: Socket): void {
  const afterBytes = 3_000_000 * (connections++ % 5);
  let gotBytes = 0;
  socket.on('error', () => {});
  socket.on('data', function read(bytes) {
    gotBytes += bytes.length;
    if (gotBytes < afterBytes) return;
    socket.off('data', read);
    socket.pause();
    socket.write(HEAD + BODY, () => socket.destroy());
  });
}

const server =
  keyFile && certFile
    ? createTlsServer({ key: readFileSync(keyFile), cert: readFileSync(certFile) }, refuse)
    : createServer(refuse);
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
