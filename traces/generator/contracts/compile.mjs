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

// Settings of real projects: the default of most tool chains, and what exchanges and
// others whose users pay for every unit of gas take.
const common = { metadata: { bytecodeHash: "none", appendCBOR: false } };
const usual = { ...common, evmVersion: "cancun", optimizer: { enabled: true, runs: 200 } };
const settingsOf = {
  "Airdrop.sol": { ...usual, optimizer: { enabled: true, runs: 999999 } },
  "Bignum.sol": { ...usual, optimizer: { enabled: true, runs: 999999 } },
  "Diamond.sol": { ...usual, evmVersion: "shanghai", optimizer: { enabled: true, runs: 1000000 } },
  "Exchange.sol": { ...usual, viaIR: true, optimizer: { enabled: true, runs: 999999 } },
  "Game.sol": { ...usual, viaIR: true },
  "Heap.sol": { ...usual, evmVersion: "shanghai" },
  "Lending.sol": { ...usual, evmVersion: "shanghai" },
  "Proxy.sol": { ...usual, evmVersion: "shanghai" },
  "Range.sol": { ...usual, viaIR: true, optimizer: { enabled: true, runs: 1000000 } },
  "Router.sol": { ...usual, optimizer: { enabled: true, runs: 999999 } },
};
const files = readdirSync(folder).filter((f) => f.endsWith(".sol")).sort();
const read = (file) => readFileSync(join(folder, file), "utf8");
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const contracts = [];
for (const source of files) {
  const settings = settingsOf[source] ?? usual;
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: "Solidity",
        sources: { [source]: { content: read(source) } },
        settings: {
          ...settings,
          outputSelection: { "*": { "*": ["evm.bytecode.object", "evm.methodIdentifiers"] } },
        },
      }),
    ),
  );
  for (const e of output.errors ?? []) console.error(e.formattedMessage);
  if (output.errors?.length) process.exit(1); // warnings too
  for (const [name, { evm }] of Object.entries(output.contracts[source]).sort()) {
    const code = evm.bytecode.object;
    if (code === "") continue; // an interface
    writeFileSync(join(folder, `${name}.bin`), `${code}\n`);
    contracts.push({
      name,
      source,
      sourceSha256: sha256(read(source)),
      binSha256: sha256(`${code}\n`),
      settings,
      methods: evm.methodIdentifiers,
    });
  }
}
const manifest = { compiler: `solc ${solc.version()}`, contracts };
writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
