import { terraformProblems } from '../../local/localstack/required-tools.ts';
import { configurationFolders } from './support/folders.ts';
import { runTerraform } from './support/run-terraform.ts';

/**
 * Gets the provider and the modules for every folder, before the tests: one after another, since they share what was downloaded.
 */
const LIMIT_SECONDS = 300;

const problems = await terraformProblems(process.env);
if (problems.length > 0) {
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.exit(1);
}
for (const folder of configurationFolders()) {
  const { exitCode, stderr } = await runTerraform(
    folder,
    ['init', '-backend=false', '-no-color'],
    LIMIT_SECONDS,
  );
  if (exitCode === 0) continue;
  process.stderr.write(`terraform init in terraform/${folder}:\n${stderr}\n`);
  process.exit(1);
}
