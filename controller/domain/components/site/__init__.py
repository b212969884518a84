"""The kind `site`: static files behind CloudFront."""

from controller.domain.components.kind import Kind

KIND = Kind("site", __name__, "SiteTarget", "SiteArtifact")
