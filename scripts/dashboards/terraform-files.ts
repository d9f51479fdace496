import { METRICS } from '@upload-once/runtime';
import { PANELS } from './panels.ts';

/** What modules/alarms reads of the code: which services write each metric, and what the dashboard shows. By file name. */
export function terraformFiles(): Readonly<Record<string, string>> {
  const writtenBy = Object.fromEntries(
    Object.entries(METRICS).map(([name, { writtenBy }]) => [name, writtenBy]),
  );
  return {
    'terraform/modules/alarms/metrics.json': json(writtenBy),
    'terraform/modules/alarms/panels.json': json(PANELS),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
