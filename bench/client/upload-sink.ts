// Runs as a process of its own. It accepts uploads as fast as they come, keeps nothing, and responds as S3 does. It prints its port.
import { type AddressInfo, createServer } from 'node:net';

const server = createServer((socket) => {
  let head = '';
  let leftBytes: number | undefined;
  let response = '';
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    if (leftBytes === undefined) {
      head += bytes.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const contentBytes = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      leftBytes = contentBytes - (head.length - end - 4);
      response = head.startsWith('PUT') ? '200 OK\r\netag: "e"\r\ncontent-length: 0' : '204 No Content';
      if (/expect: 100-continue/i.test(head)) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    } else leftBytes -= bytes.length;
    if (leftBytes <= 0) socket.end(`HTTP/1.1 ${response}\r\nconnection: close\r\n\r\n`);
  });
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
