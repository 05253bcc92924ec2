import { resolve } from 'node:path'
import { defineConfig, type Plugin } from 'vite'
// @ts-expect-error: a build script without declarations
import { noticeOf } from '../../.build/notice.mjs'

/** The licences of what is bundled, beside it, as their terms ask. */
const notice: Plugin = {
  name: 'notice',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'NOTICE', source: noticeOf([...this.getModuleIds()]) as string })
  },
}

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [notice],
  build: {
    outDir: resolve(import.meta.dirname, '../../dist/console'),
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    // The page's policy allows no data: URLs in scripts and styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 200,
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  logLevel: 'warn',
})
