declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** DynamoDB over HTTP; the caller listens and closes. */
  export default function dynalite(options?: {
    /** A folder of LevelDB; in memory without it. */
    path?: string;
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }): Server;
}
