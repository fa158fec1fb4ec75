// Holds what `audit` writes for machines against their own tools: SARIF against Microsoft's validator, JSON against
// the published schema, JUnit and Prometheus against parsers of other people. Prints what it saw; the first thing that
// is not so ends it with 1.
//
//   node formats.mjs FOLDER     with report.{sarif,json,junit,prometheus} of one audit

import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import AjvDraft04 from "ajv-draft-04";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import parsePrometheus from "parse-prometheus-text-format";

const require = createRequire(import.meta.url);
const folder = process.argv[2];
assert(folder, "usage: formats.mjs FOLDER");
const read = (form) => fs.readFileSync(path.join(folder, `report.${form}`), "utf8");
const json = JSON.parse(read("json"));
// What fails: neither waived nor known.
const counting = json.findings.filter((it) => !it.waived_by && !it.known);

{
  const schema = JSON.parse(fs.readFileSync(new URL("../../docs/schemas/audit-v1.schema.json", import.meta.url)));
  const ajv = addFormats(new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }));
  const valid = ajv.compile(schema);
  assert(valid(json), JSON.stringify(valid.errors, null, 2));
  assert(json.findings.length > 3, "there are findings to judge");
  const broken = structuredClone(json);
  broken.findings[0].severity = "dreadful";
  assert(!valid(broken), "the schema refuses what is wrong");
  console.log(`ok: JSON is as its schema says, ${json.findings.length} findings`);
}

{
  const sarif = JSON.parse(read("sarif"));
  assert.equal(sarif.runs[0].results.length, json.findings.length);
  const schema = require("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");
  const ajv = addFormats(new AjvDraft04({ allErrors: true, strict: false, unicodeRegExp: false }));
  const valid = ajv.compile(schema);
  assert(valid(sarif), JSON.stringify(valid.errors, null, 2));
  const broken = structuredClone(sarif);
  broken.runs[0].results[0].level = "dreadful";
  assert(!valid(broken), "the schema refuses what is wrong");

  // What the schema cannot say: what refers to what.
  broken.runs[0].results[0].level = "error";
  broken.runs[0].results[0].ruleIndex = 999;
  const validator = require("@microsoft/sarif-multitool");
  // npm keeps no modes where scripts are ignored.
  fs.chmodSync(validator, 0o755);
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "apim-pki-sarif-"));
  const judge = (log) => {
    const [file, out] = ["given.sarif", "judged.sarif"].map((name) => path.join(scratch, name));
    fs.writeFileSync(file, JSON.stringify(log));
    const run = spawnSync(validator, ["validate", file, "--output", out, "--log", "ForceOverwrite", "--quiet", "true"], {
      env: { ...process.env, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: "1" },
      encoding: "utf8",
    });
    assert(fs.existsSync(out), `the validator wrote nothing: ${run.stdout}${run.stderr}`);
    const results = JSON.parse(fs.readFileSync(out, "utf8").replace(/^\uFEFF/, "")).runs[0].results ?? [];
    return results.filter((it) => it.level === "error").map((it) => `${it.ruleId}: ${JSON.stringify(it.message)}`);
  };
  assert.deepEqual(judge(sarif), [], "the validator finds no error");
  assert(judge(broken).length > 0, "the validator refuses what is wrong");
  fs.rmSync(scratch, { recursive: true });
  console.log(`ok: SARIF is as its schema and its validator want it, ${sarif.runs[0].results.length} results`);
}

{
  const text = read("junit");
  assert.equal(XMLValidator.validate(text), true);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "",
    isArray: (name) => ["testsuite", "testcase"].includes(name),
  });
  const { testsuites } = parser.parse(text);
  const cases = testsuites.testsuite.flatMap((suite) => suite.testcase);
  const failures = cases.filter((it) => it.failure);
  for (const suite of testsuites.testsuite) {
    assert.equal(Number(suite.tests), suite.testcase.length, suite.name);
    assert.equal(Number(suite.failures), suite.testcase.filter((it) => it.failure).length, suite.name);
  }
  assert.equal(Number(testsuites.tests), cases.length);
  assert.equal(Number(testsuites.failures), failures.length);
  const errors = counting.filter((it) => it.severity === "error").length;
  assert(errors > 0 && failures.length === errors, `${failures.length} failures, ${errors} errors`);
  console.log(`ok: JUnit counts right, ${cases.length} cases, ${failures.length} failures`);
}

{
  const families = parsePrometheus(read("prometheus"));
  assert(families.every((family) => family.type === "GAUGE" && family.help), "each family has its type and its help");
  const family = (name) => families.find((it) => it.name === name)?.metrics ?? [];
  const told = family("apim_pki_audit_findings").reduce((sum, it) => sum + Number(it.value), 0);
  assert.equal(told, counting.length);
  const [before, after] = ["x509_cert_not_before", "x509_cert_not_after"].map(family);
  assert(before.length > 0 && before.length === after.length);
  assert(after.every((it) => Number.isInteger(Number(it.value)) && it.labels.filepath && "subject_CN" in it.labels));
  console.log(`ok: Prometheus reads ${families.length} families, ${after.length} certificates`);
}
