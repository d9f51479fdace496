/** What Stryker's JSON report says of one file (https://github.com/stryker-mutator/mutation-testing-elements, report schema 2). */
export interface MutationReport {
  readonly files: Readonly<Record<string, { readonly mutants: readonly ReportedMutant[] }>>;
}

interface ReportedMutant {
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly status: string;
  readonly location: { readonly start: { readonly line: number; readonly column: number } };
}

export interface FileScore {
  readonly killed: number;
  readonly mutants: number;
  /** A line each: where, and what the tests did not notice. */
  readonly survivors: readonly string[];
}

const KILLED = ['Killed', 'Timeout'];
/** What no test can notice: code that does not run at all with the change in it. */
const UNCOUNTED = ['CompileError', 'RuntimeError', 'Ignored'];

/** @throws Error when the report is not about the file */
export function readReport(report: MutationReport, file: string): FileScore {
  const mutants = report.files[file]?.mutants.filter(({ status }) => !UNCOUNTED.includes(status));
  if (!mutants || mutants.length === 0) throw new Error(`Stryker made no mutants of ${file}`);
  const survivors = mutants.filter(({ status }) => !KILLED.includes(status));
  return {
    killed: mutants.length - survivors.length,
    mutants: mutants.length,
    survivors: survivors.map(
      ({ mutatorName, replacement, location: { start } }) =>
        `${file}:${start.line}:${start.column} ${mutatorName}: ${replacement ?? ''}`,
    ),
  };
}
