"use strict";

const { greeting } = require("./greeting");

/** Says what it runs on and what it was told, for `GET /health` behind an HTTP API. */
exports.handler = async (event) => {
  if (event.requestContext.http.method !== "GET" || event.rawPath !== "/health") return { statusCode: 404, body: "" };
  const { NODE_ENV, LOG_LEVEL, AI_MODEL, OLLAMA_HOST, CORS_ORIGIN } = process.env;
  const told = { NODE_ENV, LOG_LEVEL, AI_MODEL, OLLAMA_HOST, CORS_ORIGIN };
  return {
    statusCode: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ greeting, node: process.version, told }),
  };
};
