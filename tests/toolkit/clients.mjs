// Does what it is told with GitHub's own clients: node clients.mjs PACKAGES RESULTS, and on its
// standard input a JSON list of [verb, arguments]. A verb may name the generation of the client that
// is to do it: restore@v3, list@latest. RESULTS becomes a JSON list of {value} or {error}.
import { createRequire } from 'node:module'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [packages, results] = process.argv.slice(2)
const require = createRequire(path.join(packages, 'package.json'))
const load = async (name) => {
  const folder = path.join(packages, 'node_modules', name)
  const { type, main } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json')))
  return type === 'module' ? import(pathToFileURL(path.join(folder, main))) : require(name)
}
let generation = ''
const artifacts = async () => {
  const { DefaultArtifactClient } = await load(
    generation === 'latest' ? 'artifact-latest' : '@actions/artifact',
  )
  return new DefaultArtifactClient()
}
const caches = () => load({ latest: 'cache-latest', v3: 'cache-v3' }[generation] ?? '@actions/cache')
const tools = () => load(generation === 'latest' ? 'tool-cache-latest' : '@actions/tool-cache')
const core = () => load(generation === 'latest' ? 'core-latest' : '@actions/core')

const verbs = {
  upload: async ([name, files, root, options]) => (await artifacts()).uploadArtifact(name, files, root, options),
  list: async ([options]) => (await artifacts()).listArtifacts(options),
  download: async ([name, to]) => {
    const client = await artifacts()
    const { artifact } = await client.getArtifact(name)
    const done = await client.downloadArtifact(artifact.id, { path: to, expectedHash: artifact.digest })
    return { ...done, artifact }
  },
  delete: async ([name]) => (await artifacts()).deleteArtifact(name),
  save: async ([paths, key]) => (await caches()).saveCache(paths, key),
  restore: async ([paths, key, others, options]) => (await caches()).restoreCache(paths, key, others, options),
  identify: async ([audience]) => (await core()).getIDToken(audience),
  put: async ([name, files, root]) => (await load('artifact-v1')).create().uploadArtifact(name, files, root),
  get: async ([name, to]) => (await load('artifact-v1')).create().downloadArtifact(name, to),
  getAll: async ([to]) => (await load('artifact-v1')).create().downloadAllArtifacts(to),
  install: async ([url, name, version]) => {
    const tool = await tools()
    const folder = await tool.extractZip(await tool.downloadTool(url))
    await tool.cacheDir(folder, name, version)
    return tool.find(name, version)
  },
}

const told = []
for (const [verb, given] of JSON.parse(fs.readFileSync(0, 'utf8'))) {
  const [name, own] = verb.split('@')
  generation = own ?? process.env.GENERATION
  try {
    told.push({ value: (await verbs[name](given)) ?? null })
  } catch (error) {
    told.push({ error: error.message })
  }
}
fs.writeFileSync(results, JSON.stringify(told))
