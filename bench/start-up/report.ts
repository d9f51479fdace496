import { type Compared, comparedRows } from '../compared.ts';

export type StartFigure = 'ms' | 'residentMib';
/** What `make bench-start-up` writes to bench/results/start-up.json. */
export type StartUpResults = Compared<StartFigure>;

export const NODE = 'node -e 0';

export function startUpRows(results: StartUpResults): string[][] {
  return comparedRows(results, NODE, [
    { title: 'start', figure: 'ms', unit: 'ms' },
    { title: 'memory then', figure: 'residentMib', unit: 'MiB' },
  ]);
}
