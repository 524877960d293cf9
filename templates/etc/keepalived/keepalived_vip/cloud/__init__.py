"""Tencent Cloud: its API, the metadata service, and what an error code means. Knows nothing of keepalived."""

from keepalived_vip.cloud.api import Api, ApiError

__all__ = ["Api", "ApiError"]
