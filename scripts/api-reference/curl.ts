import type { Example } from './examples.ts';

/** An example as a command: values are quoted for a shell, and only variables are in double quotes. */
export function curlOf(method: string, { path, headers, body }: Example): string {
  const lines = [
    `curl "$UPLOAD_ONCE_URL${path}"`,
    ...(method === 'GET' || (method === 'POST' && body) ? [] : [`-X ${method}`]),
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body ? [`-d ${quoted(JSON.stringify(body, null, 2))}`] : []),
  ];
  return lines.join(' \\\n  ');
}

function quoted(text: string): string {
  return text.includes('$') ? `"${text}"` : `'${text.replaceAll("'", `'\\''`)}'`;
}
