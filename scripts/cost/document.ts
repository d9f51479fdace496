import { withGeneratedPart } from '../generated-part.ts';
import { markdownTable } from '../markdown-table.ts';
import { costChart } from './chart.ts';
import { readParameters } from './parameters.ts';
import { PRICES_COMPARED } from './prices.ts';
import { readResults } from './read-results.ts';
import { savingsTable } from './savings.ts';
import { smallProfileTable } from './small-profile.ts';
import { perMillionTable, perMonthTable, sentences, sizesTable, volumesTable } from './tables.ts';
import { tracingSentence } from './tracing-sentence.ts';
import { webhooksSentence } from './webhooks-sentence.ts';

const BEGIN = '<!-- cost: made by `make docs` from bench/results/uploads.json and scripts/cost/prices.ts -->';
const END = '<!-- end of cost -->';

/** docs/cost.md with its tables renewed, for the defaults. @throws Error when the document has no place for them */
export function withCostTables(document: string): string {
  return withGeneratedPart(document, { begin: BEGIN, end: END, text: tables() });
}

/** docs/cost.svg, for the defaults. */
export function defaultCostChart(): string {
  return costChart(readResults(), readParameters({}));
}

function tables(): string {
  const results = readResults();
  const parameters = readParameters({});
  const { designs, methods } = sentences(results, parameters);
  const { sizeBytes, machine } = results;
  return [
    `\nList prices of ${parameters.region}, compared on ${PRICES_COMPARED} with [copies of AWS’s](../scripts/cost/prices.ts). Calls, units and log lines are what \`make bench-uploads\` counted with files of ${sizeBytes} bytes (${machine}).`,
    markdownTable(perMillionTable(results, parameters)),
    '## A month',
    markdownTable(perMonthTable(results, parameters)),
    designs,
    '![Dollars for a million uploads by uploads a month, without storage: a form, a PUT and the serverless design](cost.svg)',
    'Dollars a month, with storage:',
    markdownTable(volumesTable(results, parameters)),
    '## The small profile',
    '`profile = "small"` changes these defaults. Each is a variable, which you can set in both profiles. What uploads cost stays the same, except a few cents. Spot’s price changes: here it is half of the normal one, the dear end.',
    markdownTable(smallProfileTable()),
    '## Form or PUT',
    `${methods} Dollars for a million uploads:`,
    markdownTable(sizesTable(results, parameters)),
    '## Webhooks',
    webhooksSentence(results),
    '## Traces',
    tracingSentence(),
    '## What more could be saved',
    'The defaults are the safe choice. The first rows are settings of Terraform; the others would be changes of the code, for a form.',
    `${markdownTable(savingsTable(results, parameters))}\n`,
  ].join('\n\n');
}
