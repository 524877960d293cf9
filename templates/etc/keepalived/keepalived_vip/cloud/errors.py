"""What each of the API's error codes means for a move. The one table; docs and tests follow it."""

RETRY = "retry"  # the same again, later and later
LATER = "later"  # too many call at once: the same again, each at another time, and no look that can wait
DESCRIBE = "describe"  # look what is true now, then decide
RENEW = "renew"  # new credentials, then again
CLOCK = "clock"  # take the time from the answer's Date, then again
STOP = "stop"  # a person has to mend it: shout, and ask again only rarely

# Exact codes. Two begin with UnauthorizedOperation and are not about permission: the race with the peer's move, and a
# primary address configured as VIP.
CODES = {
    # What a move meets
    "UnauthorizedOperation.AttachmentNotFound": DESCRIBE,
    "UnauthorizedOperation.PrimaryIp": STOP,
    "UnsupportedOperation": DESCRIBE,
    "UnsupportedOperation.AttachmentNotFound": DESCRIBE,
    "UnsupportedOperation.IdempotentParameterMismatch": DESCRIBE,
    "UnsupportedOperation.IdempotentProcessing": RETRY,
    "UnsupportedOperation.InvalidState": DESCRIBE,
    "UnsupportedOperation.MutexOperationTaskRunning": DESCRIBE,
    "UnsupportedOperation.PrimaryIp": STOP,
    "UnsupportedOperation.ResourceMismatch": STOP,
    "ResourceNotFound": DESCRIBE,
    "ResourceInUse": DESCRIBE,
    "ResourceInsufficient": STOP,
    "ResourceInsufficient.Subnet": STOP,
    "FailedOperation": RETRY,
    "FailedOperation.NetDetectTimeOut": RETRY,
    "LimitExceeded": STOP,
    # The EIP
    "InvalidPrivateIpAddress.AlreadyBindEip": DESCRIBE,
    "InvalidNetworkInterfaceId.NotFound": DESCRIBE,
    "InvalidParameterValue.PrivateIpAddressNotMatch": DESCRIBE,
    "InvalidParameterValue.NetworkInterfaceIdNotMatch": DESCRIBE,
    "UnsupportedOperation.AddressStatusNotPermit": DESCRIBE,
    "InvalidAddressId.NotFound": STOP,
    "OperationDenied.MutexTaskRunning": DESCRIBE,
    "OperationDenied.AddressInArrears": STOP,
    # Too often
    "LimitExceeded.ActionLimited": LATER,
    "RequestLimitExceeded": LATER,
    "RequestLimitExceeded.GlobalRegionUinLimitExceeded": LATER,
    "RequestLimitExceeded.IPLimitExceeded": LATER,
    "RequestLimitExceeded.UinLimitExceeded": LATER,
    # The cloud's own trouble
    "InternalError": RETRY,
    "InternalError.ModuleError": RETRY,
    "ResourceUnavailable": RETRY,
    "ServiceUnavailable": RETRY,
    "ResponseSizeLimitExceeded": RETRY,
    # Who asks, and when
    "AuthFailure.InvalidSecretId": RENEW,
    "AuthFailure.SecretIdNotFound": RENEW,
    "AuthFailure.TokenFailure": RENEW,
    "AuthFailure.SignatureExpire": CLOCK,
    "AuthFailure": STOP,
    "AuthFailure.InvalidAuthorization": STOP,
    "AuthFailure.MFAFailure": STOP,
    "AuthFailure.SignatureFailure": STOP,
    "AuthFailure.UnauthorizedOperation": STOP,
    "UnauthorizedOperation": STOP,
    "IpInBlacklist": STOP,
    "IpNotInWhitelist": STOP,
    # A wrong setting, or a wrong program
    "ActionOffline": STOP,
    "DryRunOperation": STOP,
    "InvalidAction": STOP,
    "InvalidParameter": STOP,
    "InvalidParameter.Coexist": STOP,
    "InvalidParameter.FilterInvalidKey": STOP,
    "InvalidParameter.FilterNotDict": STOP,
    "InvalidParameter.FilterValuesNotList": STOP,
    "InvalidParameterValue": STOP,
    "InvalidParameterValue.DuplicatePara": STOP,
    "InvalidParameterValue.LimitExceeded": STOP,
    "InvalidParameterValue.Malformed": STOP,
    "InvalidParameterValue.NotUtf8EncodingError": STOP,
    "InvalidParameterValue.Range": STOP,
    "InvalidParameterValue.Reserved": STOP,
    "InvalidRequest": STOP,
    "MissingParameter": STOP,
    "NoSuchProduct": STOP,
    "NoSuchVersion": STOP,
    "RequestSizeLimitExceeded": STOP,
    "UnknownParameter": STOP,
    "UnsupportedProtocol": STOP,
    "UnsupportedRegion": STOP,
    # Our own: no answer at all, a NIC that nothing could be delivered to, no credentials, no longer MASTER
    "Network": RETRY,
    "NoPath": RETRY,
    "NoCredentials": RETRY,
    "NotMaster": DESCRIBE,
}


def reaction(code: str) -> str:
    """The row of a code; of its class when the code itself has none; describe when neither is known."""
    while code:
        if code in CODES:
            return CODES[code]
        code = code.rpartition(".")[0]
    return DESCRIBE
