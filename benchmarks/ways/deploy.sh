#!/usr/bin/env bash
# The release script that people write by hand.
#   deploy.sh SITE CODE      release a build
#   deploy.sh SITE VERSION   roll back: the kept build of the site, the version of the function from before
# (On AWS, `aws lambda wait function-updated` must follow the update; it polls every 5 seconds. It is left out here.)
set -euo pipefail
site=$1 code=$2

aws s3 sync "$site" "s3://$BUCKET" --delete --only-show-errors
if [[ $code == *.zip ]]; then
  aws lambda update-function-code --function-name "$FUNCTION" --zip-file "fileb://$code" > /dev/null
  version=$(aws lambda publish-version --function-name "$FUNCTION" --query Version --output text)
else
  version=$code
fi
aws lambda update-alias --function-name "$FUNCTION" --name live --function-version "$version" > /dev/null
aws cloudfront create-invalidation --distribution-id "$DISTRIBUTION" --paths '/*' > /dev/null
