// What answers before the first release. Never change it: see RoutedSite in site.py.
const TABLE = {"stable": null, "canary": null, "weight": 0, "fallback": "/index.html", "hashed": {}};

function handler(event) {
  return {
    statusCode: 503,
    statusDescription: 'Service Unavailable',
    headers: {'retry-after': {value: '60'}, 'cache-control': {value: 'no-store'}},
    body: 'Not released yet.'
  };
}
