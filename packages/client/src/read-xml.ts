// Own lines, because the XML parsers of npm are larger than all of this library: fast-xml-parser 5 adds 46 kB to a page. The tests hold
// it against fast-xml-parser.

/** What S3's documents say: the name of the root element, and the texts of the elements in it that occur once and hold nothing but text. */
export interface XmlDocument {
  readonly root: string;
  readonly texts: ReadonlyMap<string, string>;
}

/** One piece of a document: a declaration or a comment, a tag, or text. Other constructs, such as CDATA, are not S3's. */
const PIECE =
  /<\?[^?>]*\?>|<!--(?:(?!--)[\s\S])*-->|<(?<end>\/?)(?<name>[\w:.-]+)(?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*(?<empty>\/?)>|(?<text>[^<]+)/y;
const REFERENCE = /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Undefined where the text is not one well-formed document (Extensible Markup Language 1.0), such as a page of HTML. */
export function readXml(xml: string): XmlDocument | undefined {
  const open: { readonly name: string; text: string | undefined }[] = [];
  const texts = new Map<string, string | undefined>();
  let root: string | undefined;
  const end = (name: string | undefined) => {
    const element = open.pop();
    if (element === undefined || element.name !== name) return false;
    if (open.length === 1)
      texts.set(element.name, texts.has(element.name) ? undefined : element.text?.trim());
    return true;
  };
  const pieces = new RegExp(PIECE);
  const document = xml.replace(/^\ufeff/, '');
  while (pieces.lastIndex < document.length) {
    const groups = pieces.exec(document)?.groups;
    if (groups === undefined) return undefined;
    const { name, text } = groups;
    const parent = open.at(-1);
    if (text !== undefined) {
      if (parent === undefined && text.trim() !== '') return undefined;
      if (parent?.text !== undefined) parent.text += withoutReferences(text);
    } else if (name !== undefined && groups['end'] === '') {
      if (parent === undefined && root !== undefined) return undefined;
      root ??= name;
      if (parent) parent.text = undefined;
      open.push({ name, text: '' });
      if (groups['empty'] !== '') end(name);
    } else if (name !== undefined && !end(name)) return undefined;
  }
  if (root === undefined || open.length > 0) return undefined;
  return {
    root,
    texts: new Map([...texts].filter((entry): entry is [string, string] => entry[1] !== undefined)),
  };
}

function withoutReferences(text: string): string {
  return text.replace(REFERENCE, (reference, hex: string, decimal: string, name: string) => {
    if (name !== undefined) return ENTITIES[name] ?? reference;
    const codePoint = Number.parseInt(hex ?? decimal, hex === undefined ? 10 : 16);
    return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : reference;
  });
}
