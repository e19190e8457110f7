// Slips in the modules of the check page and of the exported page, and in their tests. Run from the folder of roboflow.py: npm run --prefix tests/js lint
import js from "@eslint/js";
import globals from "globals";

const rules = {
  eqeqeq: "error",
  "no-var": "error",
  "prefer-const": "error",
  "no-shadow": "error",
  "no-implicit-globals": "error",
  "no-unused-expressions": "error",
  "no-eval": "error",
  "no-implied-eval": "error",
  "no-script-url": "error",
  curly: ["error", "multi-line"],
  "max-lines": ["error", 340],
  "max-lines-per-function": ["error", 60],
  complexity: ["error", 20],
  // Text goes into the page as text.
  "no-restricted-properties": ["error", ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({ property }))],
};

export default [
  js.configs.recommended,
  { files: ["flow/check/page/*.js", "flow/export/web/*/*.js"], languageOptions: { sourceType: "module", globals: globals.browser }, rules },
  {
    files: ["flow/export/web/page/sw.js"],
    languageOptions: { sourceType: "script", globals: globals.serviceworker },
    rules: { ...rules, "no-implicit-globals": "off" },
  },
  {
    files: ["tests/check/page_js/*.mjs", "tests/export/*.mjs"],
    languageOptions: { sourceType: "module", globals: globals.node },
    rules: { ...rules, "max-lines-per-function": "off" },
  },
];
