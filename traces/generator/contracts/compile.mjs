// Compiles the contracts of this folder: writes NAME.bin (creation code, in
// hexadecimal) and manifest.json beside them. How to run it is in README.md.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const wanted = "0.8.37";
const folder = dirname(fileURLToPath(import.meta.url));
const solc = createRequire(join(process.cwd(), "package.json"))("solc");
if (!solc.version().startsWith(`${wanted}+`)) {
  throw new Error(`solc ${wanted} is wanted, ${solc.version()} is installed`);
}

const settings = {
  evmVersion: "cancun",
  metadata: { bytecodeHash: "none" },
  optimizer: { enabled: true, runs: 200 },
};
const files = readdirSync(folder).filter((f) => f.endsWith(".sol")).sort();
const read = (file) => readFileSync(join(folder, file), "utf8");
const output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: "Solidity",
      sources: Object.fromEntries(files.map((f) => [f, { content: read(f) }])),
      settings: {
        ...settings,
        outputSelection: { "*": { "*": ["evm.bytecode.object", "evm.methodIdentifiers"] } },
      },
    }),
  ),
);
for (const e of output.errors ?? []) console.error(e.formattedMessage);
if (output.errors?.length) process.exit(1); // warnings too

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const contracts = [];
for (const source of files) {
  for (const [name, { evm }] of Object.entries(output.contracts[source]).sort()) {
    const code = evm.bytecode.object;
    if (code === "") continue; // an interface
    writeFileSync(join(folder, `${name}.bin`), `${code}\n`);
    contracts.push({
      name,
      source,
      sourceSha256: sha256(read(source)),
      binSha256: sha256(`${code}\n`),
      methods: evm.methodIdentifiers,
    });
  }
}
const manifest = { compiler: `solc ${solc.version()}`, settings, contracts };
writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
