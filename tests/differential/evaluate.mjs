// Answers questions about expressions with GitHub's own package, one JSON line each.
//   node evaluate.mjs PACKAGE   {"expr", "contexts"} -> {"kind", "value"} | {"error"}
import {createInterface} from 'node:readline';
import {pathToFileURL} from 'node:url';

const {data, Evaluator, Lexer, Parser} = await import(
  pathToFileURL(`${process.argv[2]}/dist/index.js`)
);
const KINDS = {
  [data.Kind.String]: 'String',
  [data.Kind.Array]: 'Array',
  [data.Kind.Dictionary]: 'Object',
  [data.Kind.Boolean]: 'Boolean',
  [data.Kind.Number]: 'Number',
  [data.Kind.Null]: 'Null',
};

function plain(value) {
  switch (KINDS[value.kind]) {
    case 'Array':
      return value.values().map(plain);
    case 'Object':
      return Object.fromEntries(value.pairs().map(({key, value}) => [key, plain(value)]));
    case 'Number':
      return Number.isFinite(value.value) ? value.value : String(value.value);
    case 'Null':
      return null;
    default:
      return value.value;
  }
}

function answer({expr, contexts}) {
  const known = JSON.parse(JSON.stringify(contexts), data.reviver);
  let tree;
  try {
    const tokens = new Lexer(expr).lex().tokens;
    tree = new Parser(tokens, Object.keys(contexts), []).parse();
  } catch (error) {
    return {error: 'syntax', message: error.message};
  }
  if (tree === undefined) return {kind: 'Null', value: null};
  try {
    const value = new Evaluator(tree, known).evaluate();
    return {kind: KINDS[value.kind], value: plain(value)};
  } catch (error) {
    return {error: 'evaluation', message: error.message};
  }
}

for await (const line of createInterface({input: process.stdin})) {
  process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + '\n');
}
