"""The same world as that of the components: their recovery works with the same adapters."""

from tests.unit.aws.conftest import s3_client, ssm_client, world

__all__ = ["s3_client", "ssm_client", "world"]
