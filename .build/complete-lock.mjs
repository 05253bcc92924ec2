// Run after every `npm install`: npm leaves out of the lock file those optional packages (drivers for other machines)
// that its registry does not hold, and `npm ci` then refuses the file. Their names and versions stand in the packages
// that ask for them; this puts them back.
import { readFileSync, writeFileSync } from 'node:fs'

const systems = ['darwin', 'linux', 'win32', 'freebsd', 'openbsd', 'netbsd', 'android', 'sunos', 'aix', 'openharmony']
const processors = ['x64', 'arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'wasm32']

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const { packages } = lock
for (const [place, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const found = find(place, name)
    if (!/^\d+\.\d+\.\d+\S*$/.test(version) || (found && packages[found].version === version)) continue
    const folder = found ? place.slice(0, place.lastIndexOf('node_modules/')) : ''
    packages[`${folder}node_modules/${name}`] = { version, ...(dev ? { dev } : {}), ...machineOf(name), optional: true }
  }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([one], [other]) => (one < other ? -1 : 1)))
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)

/** Where Node would find the package from `place`. */
function find(place, name) {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const candidate = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (packages[candidate]) return candidate
    if (folder === '') return undefined
  }
}

/** The machine that a package is for, by its name: npm skips those for others. */
function machineOf(name) {
  const parts = name.split('/').at(-1).split(/[-.]/)
  const os = systems.find((system) => parts.includes(system))
  const cpu = processors.find((processor) => parts.includes(processor))
  const libc =
    os !== 'linux'
      ? undefined
      : parts.some((part) => part.startsWith('musl'))
        ? 'musl'
        : parts.some((part) => part.startsWith('gnu'))
          ? 'glibc'
          : undefined
  return { ...(os ? { os: [os] } : {}), ...(cpu ? { cpu: [cpu] } : {}), ...(libc ? { libc: [libc] } : {}) }
}
