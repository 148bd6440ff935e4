import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { licences } from './tools/licences.js';

const server = process.env.DYNA_SERVER ?? 'http://127.0.0.1:7070';

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "font-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The script sets the theme, so nothing may be painted before it. */
const paintAfterScript: Plugin = {
  name: 'paint-after-script',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"'),
  },
};

export default defineConfig({
  base: '/',
  plugins: [svelte(), licences, paintAfterScript],
  build: {
    outDir: 'dist',
    assetsDir: 'assets',
    target: 'es2023',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    sourcemap: false,
    manifest: false,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    fs: { allow: ['..'] },
    proxy: {
      '/api': {
        target: server,
        changeOrigin: true,
        // Writes of a session are taken from the server's own origin only.
        configure: (proxy) => proxy.on('proxyReq', (request) => request.setHeader('Origin', new URL(server).origin)),
      },
      '/readyz': { target: server, changeOrigin: true },
      '/metrics': { target: server, changeOrigin: true },
    },
  },
  // As the server sends it, so that `vite preview` shows what it forbids.
  preview: { headers: { 'Content-Security-Policy': policy } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
