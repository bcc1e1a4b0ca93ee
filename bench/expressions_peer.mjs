// Times GitHub's own evaluator: node expressions_peer.mjs ROUNDS < {"expressions", "contexts"}
// Prints, for each expression, microseconds for lexing + parsing + evaluating, and for evaluating.
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const entry = 'node_modules/@actions/expressions/dist/index.js'
const { data, Evaluator, Lexer, Parser } = await import(pathToFileURL(process.cwd() + '/' + entry))

const rounds = Number(process.argv[2])
const { expressions, contexts } = JSON.parse(readFileSync(0, 'utf8'))
const names = Object.keys(contexts)
const known = JSON.parse(JSON.stringify(contexts), data.reviver)

const read = (text) => new Parser(new Lexer(text).lex().tokens, names, []).parse()

function best(work) {
  let least = Infinity
  for (let again = 0; again < 7; again++) {
    const start = process.hrtime.bigint()
    for (let round = 0; round < rounds; round++) work()
    least = Math.min(least, Number(process.hrtime.bigint() - start) / 1e3 / rounds)
  }
  return least
}

const times = expressions.map((text) => {
  const tree = read(text)
  const whole = best(() => new Evaluator(read(text), known).evaluate())
  return [whole, best(() => new Evaluator(tree, known).evaluate())]
})
console.log(JSON.stringify(times))
