// Reads the files named on the command line the given number of times with GitHub's own parser and
// prints how long each round took, in milliseconds: node … reader_peer.mjs ROUNDS FILE…
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const entry = 'node_modules/@actions/workflow-parser/dist/index.js'
const peer = await import(pathToFileURL(process.cwd() + '/' + entry))

const [rounds, ...names] = process.argv.slice(2)
const files = names.map((name) => ({ name, content: readFileSync(name, 'utf8') }))
const trace = { error() {}, info() {}, verbose() {} }

async function round() {
  const start = process.hrtime.bigint()
  for (const file of files) {
    const parsed = peer.parseWorkflow(file, trace)
    await peer.convertWorkflowTemplate(parsed.context, parsed.value)
  }
  return Number(process.hrtime.bigint() - start) / 1e6
}

const times = []
for (let count = 0; count < Number(rounds); count++) times.push(await round())
console.log(JSON.stringify(times))
