/**
 * The JSON text of a value, in printable ASCII alone: a key can hold characters that a message can't (Amazon SQS API Reference,
 * "SendMessage").
 */
export function asciiJson(value: object): string {
  return JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
