import { type Compared, comparedRows } from '../compared.ts';

/** CPU in user mode and in the kernel. */
export type SmallFilesFigure = 'seconds' | 'cpuSeconds';
/** What `make bench-client-small` writes to bench/results/client-small-files.json. */
export type SmallFilesResults = Compared<SmallFilesFigure>;

export const CLIENT = 'client library';
export const NODE_HTTP = 'node:http';

export function smallFilesRows(results: SmallFilesResults): string[][] {
  return comparedRows(results, NODE_HTTP, [
    { title: 'time', figure: 'seconds', unit: 's', digits: 2 },
    { title: 'CPU', figure: 'cpuSeconds', unit: 's', digits: 2 },
  ]);
}
