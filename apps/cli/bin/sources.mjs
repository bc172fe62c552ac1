// Lets node run the project's TypeScript from any folder; the package's own registration looks for itself in the current one.
import { register } from 'node:module'

register('@swc-node/register/esm', import.meta.url)
