// Own lines, because the frame around the file is all there is to it, and its exact length is what S3 wants. The
// package form-data (4.0.6, kept) pipes through combined-stream (2018) and brings a dozen packages more; it can't hold
// back the end of the body until the file has been found unchanged. form-data-encoder (4.1.0, no dependencies) wants a
// FormData with File objects wrapped around what is only a stream here, and leaves the same questions to the caller.

/** What stands before and after the file's bytes in a multipart/form-data body (RFC 7578). */
export interface MultipartFrame {
  readonly contentType: string;
  readonly head: Uint8Array<ArrayBuffer>;
  readonly tail: Uint8Array<ArrayBuffer>;
}

/**
 * The fields in their order, then the file as the field `file`, which must be the last one: S3 ignores what follows it
 * (Amazon S3 API Reference, "POST Object").
 *
 * @param boundary 1 to 70 letters and digits that occur nowhere in the content; 128 random bits make sure of that
 */
export function multipartFrame(
  fields: Readonly<Record<string, string>>,
  fileName: string,
  boundary: string,
): MultipartFrame {
  const parts = Object.entries(fields).map(
    ([name, value]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`,
  );
  parts.push(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${quoted(fileName)}"\r\n` +
      'Content-Type: application/octet-stream\r\n\r\n',
  );
  const encoder = new TextEncoder();
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    head: encoder.encode(parts.join('')),
    tail: encoder.encode(`\r\n--${boundary}--\r\n`),
  };
}

/** As browsers do (HTML Standard, "multipart/form-data encoding algorithm"): UTF-8 as it is, three characters escaped. */
function quoted(text: string): string {
  return text.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
