import { textTable } from '@upload-once/local-stack/text-table.ts';
import { readParameters } from './cost/parameters.ts';
import { PRICES_COMPARED } from './cost/prices.ts';
import { readResults } from './cost/read-results.ts';
import { perMillionTable, perMonthTable, sentences, sizesTable, volumesTable } from './cost/tables.ts';

/** `make cost`: what uploads cost on AWS, by list prices and by what `make bench-uploads` counted. docs/cost.md has the parameters. */
try {
  const parameters = readParameters(process.env);
  const results = readResults(process.env['RESULTS'] || undefined);
  const plain = (text: string) => text.replaceAll('**', '');
  const tables = [perMillionTable, perMonthTable, volumesTable, sizesTable].map((table) =>
    textTable(table(results, parameters).map((row) => row.map(plain))),
  );
  const prices = `US dollars, list prices of ${parameters.region} as of ${PRICES_COMPARED}; counted on ${results.machine}`;
  const { designs, methods } = sentences(results, parameters);
  process.stdout.write(`${[prices, ...tables, designs, methods].join('\n\n')}\n`);
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
