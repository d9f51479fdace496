/**
 * The first `maxBytes` of a body as text; the rest is not read. The server that responds is not always the one that should, and
 * a body without an end must not fill the memory.
 */
export async function readText(body: ReadableStream<Uint8Array>, maxBytes: number): Promise<string> {
  // Not by `for await`, which Safari lacks for streams.
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let leftBytes = maxBytes; leftBytes > 0; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value.subarray(0, leftBytes), { stream: true });
    leftBytes -= value.length;
  }
  // What is left is thrown away; whether that works does not matter.
  reader.cancel().catch(() => {});
  return text + decoder.decode();
}
