import type { UploadResults } from '../../bench/uploads/results.ts';
import { type CostLine, sum } from './lines.ts';
import { LOADS, type Parameters } from './parameters.ts';
import { breakEven, fixedPart, type Monthly, monthlyOf, moreTasks, serverlessMonthly } from './per-month.ts';
import { perMillion, perMillionInAll, sourcePerMib } from './per-upload.ts';
import { serverlessPerMillion } from './serverless.ts';

/** A heading, and rows of as many cells. */
export type Table = readonly (readonly string[])[];

const VOLUMES = [100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000];
/** How many messages share a call differs from one run of the bench to the next. */
const NOISE_SHARE = 0.02;
const SIZES_MIB = [0.01, 0.1, 1, 10, 100];

/** Dollars for a million uploads, line by line. */
export function perMillionTable(results: UploadResults, parameters: Parameters): Table {
  const columns = LOADS.flatMap((load) =>
    (['form', 'put'] as const).map((kind) => {
      const { use, storage } = perMillion(results, kind, load, parameters);
      return { title: `${kind === 'form' ? 'form' : 'PUT'}, ${load}`, use, storage };
    }),
  );
  const serverless = { title: 'serverless', use: serverlessPerMillion(parameters), storage: [] };
  const all = [...columns, serverless];
  return [
    ['a million uploads', ...all.map(({ title }) => title)],
    ...rowsOf(all.map(({ use }) => use)),
    ['**without storage**', ...all.map(({ use }) => bold(sum(use)))],
    ...rowsOf(all.map(({ storage }) => storage)),
    ['**in all**', ...all.map((column) => bold(perMillionInAll(column)))],
  ];
}

/** Dollars a month for `uploadsPerMonth`: the fixed part line by line, and the uploads. */
export function perMonthTable(results: UploadResults, parameters: Parameters): Table {
  const { uploadsPerMonth: uploads, putShare } = parameters;
  const fixed = fixedPart(parameters);
  const mixed = (of: (kind: 'form' | 'put') => number) => (1 - putShare) * of('form') + putShare * of('put');
  const more = mixed((kind) => moreTasks(results, kind, uploads, parameters));
  const each = mixed((kind) => perMillionInAll(perMillion(results, kind, parameters.load, parameters)));
  const serverless = serverlessMonthly(parameters)(uploads);
  const ofUploads = (uploads / 1e6) * each;
  const share = putShare === 0 ? 'forms' : `uploads, ${Math.round(putShare * 100)} % by PUT`;
  return [
    ['a month', 'upload-once', 'serverless'],
    ...fixed.map(({ name, dollars }) => [name, amount(dollars), '']),
    ['**fixed part**', bold(sum(fixed)), bold(0)],
    [`${whole(uploads)} ${share}`, amount(ofUploads), amount(serverless)],
    ...(more > 0 ? [['Fargate: more tasks', amount(more), '']] : []),
    ['**in all**', bold(sum(fixed) + ofUploads + more), bold(serverless)],
  ];
}

/** Dollars a month by the number of uploads, with storage. */
export function volumesTable(results: UploadResults, parameters: Parameters): Table {
  const designs = designsOf(results, parameters, 'with storage');
  return [
    ['uploads a month', ...designs.map(({ name }) => name)],
    ...VOLUMES.map((uploads) => [
      whole(uploads),
      ...designs.map(({ monthly }) => whole(Math.round(monthly(uploads)))),
    ]),
  ];
}

/** Dollars for a million uploads by the size of the file, with the source of a PUT. */
export function sizesTable(results: UploadResults, parameters: Parameters): Table {
  const ofSize = (kind: 'form' | 'put', sizeMib: number, sourceDays = parameters.sourceDays) =>
    perMillionInAll(perMillion(results, kind, parameters.load, { ...parameters, sizeMib, sourceDays }));
  const { lifecycleDays } = parameters.installation;
  return [
    ['size', 'form', `PUT, ${parameters.sourceDays} days`, `PUT, ${lifecycleDays} days`],
    ...SIZES_MIB.map((sizeMib) => [
      `${sizeMib} MiB`,
      amount(ofSize('form', sizeMib)),
      amount(ofSize('put', sizeMib)),
      amount(ofSize('put', sizeMib, lifecycleDays)),
    ]),
  ];
}

/** Where the designs and the methods change places, in sentences. */
export function sentences(
  results: UploadResults,
  parameters: Parameters,
): { readonly designs: string; readonly methods: string } {
  const serverless = serverlessMonthly(parameters);
  const from = (kind: 'form' | 'put', storage: 'with storage' | 'without storage') =>
    fromVolume(breakEven(monthlyOf(results, kind, parameters, storage), serverless));
  const designs = [
    'upload-once is cheaper than the serverless design:',
    `- with forms, without storage: ${from('form', 'without storage')}; with storage: ${from('form', 'with storage')}`,
    `- with PUTs, without storage: ${from('put', 'without storage')}; with storage of ${parameters.sizeMib} MiB each: ${from('put', 'with storage')}`,
  ];
  return { designs: designs.join('\n'), methods: methodSentence(results, parameters) };
}

function fromVolume(uploads: number | undefined): string {
  return uploads === undefined ? 'at no volume' : `from ${inMillions(uploads)} uploads a month`;
}

function methodSentence(results: UploadResults, parameters: Parameters): string {
  const withoutFile = (kind: 'form' | 'put') =>
    perMillionInAll(perMillion(results, kind, parameters.load, { ...parameters, sizeMib: 0 }));
  const saved = withoutFile('form') - withoutFile('put');
  const kib = (saved / sourcePerMib(parameters)) * 1024;
  if (saved < NOISE_SHARE * withoutFile('form'))
    return 'A form is cheaper than a PUT for files of every size.';
  return `A PUT is cheaper than a form for files up to ${whole(Math.floor(kib))} KiB: its source stays ${parameters.sourceDays} days.`;
}

export interface Design {
  readonly name: string;
  readonly monthly: Monthly;
}

/** A form, a PUT and the serverless design, in this order. */
export function designsOf(
  results: UploadResults,
  parameters: Parameters,
  storage: 'with storage' | 'without storage',
): readonly Design[] {
  const put = storage === 'with storage' ? `PUT of ${parameters.sizeMib} MiB` : 'PUT';
  return [
    { name: 'form', monthly: monthlyOf(results, 'form', parameters, storage) },
    { name: put, monthly: monthlyOf(results, 'put', parameters, storage) },
    { name: 'serverless', monthly: serverlessMonthly(parameters) },
  ];
}

/** One row for each name, in the order in which they first come; none for what costs nothing anywhere. */
function rowsOf(columns: readonly (readonly CostLine[])[]): string[][] {
  const names = [...new Set(columns.flat().map(({ name }) => name))];
  return names
    .map((name) => columns.map((lines) => lines.find((line) => line.name === name)?.dollars ?? 0))
    .map((dollars, at) => ({ name: names[at] ?? '', dollars }))
    .filter(({ dollars }) => dollars.some((each) => each > 0))
    .map(({ name, dollars }) => [name, ...dollars.map((each) => (each > 0 ? amount(each) : ''))]);
}

export function amount(dollars: number): string {
  return dollars.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

function bold(dollars: number): string {
  return `**${amount(dollars)}**`;
}

function whole(number: number): string {
  return number.toLocaleString('en-US', { maximumFractionDigits: 2 });
}

export function inMillions(uploads: number): string {
  return `${Number((uploads / 1e6).toPrecision(2)).toLocaleString('en-US', { maximumFractionDigits: 2 })} million`;
}
