"""The table of error codes, against Tencent's own lists."""

import unittest

from keepalived_vip.cloud import errors

# Tencent's own lists: the codes of each action of a move, and those that every action of API 3.0 may answer.
DOCUMENTED = (
    "InvalidParameterValue.Malformed LimitExceeded ResourceNotFound UnauthorizedOperation.AttachmentNotFound "
    "UnauthorizedOperation.PrimaryIp UnsupportedOperation.PrimaryIp UnsupportedOperation "
    "UnsupportedOperation.MutexOperationTaskRunning InternalError.ModuleError InvalidParameterValue "
    "UnauthorizedOperation InvalidParameter.Coexist InvalidParameter.FilterInvalidKey "
    "InvalidParameter.FilterNotDict InvalidParameter.FilterValuesNotList InvalidParameterValue.LimitExceeded "
    "InvalidParameterValue.NotUtf8EncodingError InvalidParameterValue.Range LimitExceeded.ActionLimited "
    "ResourceInUse ResourceInsufficient ResourceInsufficient.Subnet InvalidParameterValue.DuplicatePara "
    "InvalidParameterValue.Reserved MissingParameter FailedOperation.NetDetectTimeOut "
    "UnsupportedOperation.IdempotentParameterMismatch UnsupportedOperation.IdempotentProcessing "
    "UnsupportedOperation.InvalidState UnsupportedOperation.ResourceMismatch "
    "UnsupportedOperation.AttachmentNotFound InvalidPrivateIpAddress.AlreadyBindEip "
    "InvalidNetworkInterfaceId.NotFound InvalidParameterValue.PrivateIpAddressNotMatch "
    "InvalidParameterValue.NetworkInterfaceIdNotMatch OperationDenied.MutexTaskRunning "
    "OperationDenied.AddressInArrears ActionOffline AuthFailure.InvalidAuthorization AuthFailure.InvalidSecretId "
    "AuthFailure.MFAFailure AuthFailure.SecretIdNotFound AuthFailure.SignatureExpire AuthFailure.SignatureFailure "
    "AuthFailure.TokenFailure AuthFailure.UnauthorizedOperation DryRunOperation FailedOperation InternalError "
    "InvalidAction InvalidParameter InvalidRequest IpInBlacklist IpNotInWhitelist NoSuchProduct NoSuchVersion "
    "RequestLimitExceeded RequestLimitExceeded.GlobalRegionUinLimitExceeded RequestLimitExceeded.IPLimitExceeded "
    "RequestLimitExceeded.UinLimitExceeded RequestSizeLimitExceeded ResponseSizeLimitExceeded ResourceUnavailable "
    "ServiceUnavailable UnknownParameter UnsupportedProtocol UnsupportedRegion "
)


class Errors(unittest.TestCase):
    def test_every_documented_code_has_a_row(self):
        self.assertEqual([code for code in DOCUMENTED.split() if code not in errors.CODES], [])

    def test_two_codes_that_look_like_a_missing_permission_are_none(self):
        self.assertEqual(errors.reaction("UnauthorizedOperation.AttachmentNotFound"), errors.DESCRIBE)
        self.assertEqual(errors.reaction("UnauthorizedOperation.PrimaryIp"), errors.STOP)
        self.assertEqual(errors.reaction("UnauthorizedOperation"), errors.STOP)

    def test_a_code_without_a_row_follows_its_class(self):
        self.assertEqual(errors.reaction("InternalError.SomethingNew"), errors.RETRY)
        self.assertEqual(errors.reaction("InvalidParameterValue.SomethingNew"), errors.STOP)

    def test_an_unknown_code_means_look_again(self):
        self.assertEqual(errors.reaction("SomethingNew.Altogether"), errors.DESCRIBE)


if __name__ == "__main__":
    unittest.main()
