import { readFileSync } from 'node:fs';
import { textTable } from '@upload-once/local-stack/text-table.ts';
import { readParameters } from './cost/parameters.ts';
import { planSentences, planTable } from './cost/plan/plan-table.ts';
import { readPlan } from './cost/plan/planned-resources.ts';
import { pricePlan } from './cost/plan/price-plan.ts';
import { PRICES_COMPARED } from './cost/prices.ts';
import { readResults } from './cost/read-results.ts';
import { perMillionTable, perMonthTable, sentences, sizesTable, volumesTable } from './cost/tables.ts';

/**
 * `make cost`: what uploads cost on AWS, by list prices and by what `make bench-uploads` counted; with PLAN, what the resources of a plan of
 * Terraform cost. docs/cost.md has the parameters.
 */
try {
  const plan = process.env['PLAN'];
  process.stdout.write(plan ? planText(plan) : uploadsText());
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

function planText(file: string): string {
  const { region, prices } = readParameters(process.env);
  const priced = pricePlan(readPlan(readText(file)), prices);
  const heading = `US dollars a month, list prices of ${region} as of ${PRICES_COMPARED}, whatever region the plan is for; what is used comes on top`;
  return `${[heading, textTable(planTable(priced)), planSentences(priced)].join('\n\n')}\n`;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new RangeError(`PLAN: ${file} cannot be read (${(error as Error).message})`);
  }
}

function uploadsText(): string {
  const parameters = readParameters(process.env);
  const results = readResults(process.env['RESULTS'] || undefined);
  const plain = (text: string) => text.replaceAll('**', '');
  const tables = [perMillionTable, perMonthTable, volumesTable, sizesTable].map((table) =>
    textTable(table(results, parameters).map((row) => row.map(plain))),
  );
  const prices = `US dollars, list prices of ${parameters.region} as of ${PRICES_COMPARED}; counted on ${results.machine}`;
  const { designs, methods } = sentences(results, parameters);
  return `${[prices, ...tables, designs, methods].join('\n\n')}\n`;
}
