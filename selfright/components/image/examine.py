"""Examines a container image's repository, and whether the function runs on the environment's platform."""

from collections.abc import Iterator

from controller.aws.client.calls import calling
from controller.domain.components.image.target import ImageTarget
from selfright.components.examined import Examination, Examining, Finding, ok, problem
from selfright.components.function.examine import FunctionExaminer

ARCHITECTURES = {"linux/amd64": "x86_64", "linux/arm64": "arm64"}


class ImageExaminer:
    """Looks at the function as at any other, then at what only images have."""

    def __init__(self, examining: Examining, target: ImageTarget) -> None:
        self._clients, self._target = examining.clients, target
        self._function = FunctionExaminer(examining, target, "Image")

    def examinations(self) -> list[Examination]:
        """The function, its alias, its role, the repository, the platform."""
        return [
            *self._function.examinations(),
            Examination(f"the repository {self._target.repository}", self._repository),
            Examination(f"the platform of {self._target.function_name}", self._platform),
        ]

    def _repository(self) -> Iterator[Finding]:
        with calling("ecr:DescribeRepositories", self._target.repository):
            self._clients.registry.describe_repositories(repositoryNames=[self._target.repository])
        yield ok("it exists")

    def _platform(self) -> Iterator[Finding]:
        has = (self._function.configuration().get("Architectures") or ["x86_64"])[0]
        if has == ARCHITECTURES[self._target.platform]:
            yield ok(f"{self._target.platform}, as the environment says")
        else:
            means = f"The environment says {self._target.platform}: such an image would not start."
            yield problem(f"the function runs on {has}", means, "Correct `platform` in the environment.")
