/// <reference types="vitest/config" />
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Writes the release's version into the page: the scripts stay the same, byte for byte, if nothing else changed. */
function version(): Plugin {
  const name = process.env["SELFRIGHT_VERSION"] ?? "unreleased"; // set by `selfright bundle`
  return { name: "version", transformIndexHtml: (html) => html.replaceAll("%VERSION%", name) };
}

export default defineConfig({
  plugins: [react(), version()],
  build: {
    assetsInlineLimit: 0, // the content security policy allows files of our own, and no `data:` addresses
    modulePreload: { polyfill: false },
    target: "es2022",
    // React changes less often than we do: visitors keep it from one release to the next.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "react", test: /node_modules/ }] } } },
  },
  server: { proxy: { "/generate": "http://127.0.0.1:8000" } }, // python -m app_artifacts.smartpack.serve
  test: { environment: "happy-dom", include: ["tests/**/*.test.{ts,tsx}"], restoreMocks: true },
});
