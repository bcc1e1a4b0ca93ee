// Node 20 wants to be told that a .json file is JSON; the package's own imports do not say so.
import { register } from 'node:module'

const hook = `
export async function load(url, context, next) {
  const given = url.endsWith('.json') ? { ...context, importAttributes: { type: 'json' } } : context
  return next(url, given)
}`
register('data:text/javascript,' + encodeURIComponent(hook))
