// Says what is missing when neither the machine nor npm brought a Node that runs TypeScript as it is.
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `Node 24 is needed, this is ${process.version}, and npm has no Node 24 for ${process.platform}-${process.arch}: install it (https://nodejs.org).\n`,
  );
  process.exit(1);
}
