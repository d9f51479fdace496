import { readFileSync, writeFileSync } from 'node:fs';
import { recordExamples } from './api-reference/examples.ts';
import { API_REFERENCE, apiReference } from './api-reference/page.ts';
import { withConfigurationTable } from './configuration-table.ts';
import { defaultCostChart, withCostTables } from './cost/document.ts';
import { GRAFANA_DASHBOARD, grafanaDashboard } from './dashboards/grafana.ts';
import { terraformFiles } from './dashboards/terraform-files.ts';
import { withMessagesTable } from './messages-table.ts';
import { withScoresTable } from './mutants/stryker/scores-table.ts';
import { asCommitted, CURRENT, servedDocument } from './openapi/document.ts';
import { performanceCharts, withPeersTable, withPerformanceTables } from './performance/document.ts';
import { withScaleTables } from './scale/document.ts';
import { terraformFolders, withTerraformTables } from './terraform-tables.ts';

function renew(file: string, renewed: (document: string) => string): void {
  const path = new URL(`../${file}`, import.meta.url);
  writeFileSync(path, renewed(readFileSync(path, 'utf8')));
}

function write(file: string, text: string): void {
  writeFileSync(new URL(`../${file}`, import.meta.url), text);
}

for (const [file, text] of Object.entries(terraformFiles())) write(file, text);
write(GRAFANA_DASHBOARD, grafanaDashboard());
renew('docs/configuration.md', withConfigurationTable);
renew('docs/cost.md', withCostTables);
renew('docs/cost.svg', defaultCostChart);
renew('docs/scale.md', (document) => withScaleTables(document));
renew('docs/performance.md', (document) => withPerformanceTables(document));
renew('README.md', (document) => withPeersTable(document));
for (const [file, chart] of Object.entries(performanceCharts())) write(`docs/${file}`, chart);
renew('packages/cli/MESSAGES.md', withMessagesTable);
renew('scripts/mutants/README.md', withScoresTable);
for (const folder of terraformFolders())
  renew(`${folder}/README.md`, (document) => withTerraformTables(folder, document));
const api = await servedDocument();
writeFileSync(CURRENT, asCommitted(api));
writeFileSync(API_REFERENCE, apiReference(api, await recordExamples()));
