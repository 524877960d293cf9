/**
 * Which error codes an action may answer. errorCodes.json has those that the vendor lists for it: the comments of
 * client.go in tencentcloud-sdk-go 1.3.166, the only one of the SDKs that names them by action.
 */
import codes from "./errorCodes.json" with { type: "json" };

const listed = codes as Record<string, Record<string, string[]>>;

/** Of the API as a whole ("common error codes"): a parameter that is needed together with others, and a trial run. */
const common = ["MissingParameter", "DryRunOperation"];

/** Codes that are answered although the vendor's list for the action has none of them, and why. */
export const exceptions: { action: string; code: string; why: string }[] = [
  {
    action: "TerminateInstances",
    code: "InvalidInstanceState.Terminating",
    why: "the Terraform provider takes it, and no listed code, for a machine that is on its way out already",
  },
  {
    action: "ListAttachedRolePolicies",
    code: "InvalidParameter.RoleNotExist",
    why: "the Terraform provider takes it for an attachment that is gone; the list has nothing for an unknown role",
  },
  {
    action: "ModifySecurityGroupPolicies",
    code: "UnsupportedOperation.VersionMismatch",
    why: "the request has a version to be checked, and all other actions on rules list this code for it",
  },
  {
    action: "DescribeDisasterRecoverGroups",
    code: "InvalidFilter",
    why: "the service's own code for it; the list is from before the action took filters",
  },
  {
    action: "DescribeInstancesAttributes",
    code: "InvalidParameterValue",
    why: "the list has only what may be wrong with an instance's id, not with an attribute's name",
  },
];

/** Whether an action may answer this code; what the gate says before the action is asked does not count. */
export const isListed = (service: string, action: string, code: string): boolean =>
  common.includes(code) ||
  (listed[service]?.[action]?.includes(code) ?? false) ||
  exceptions.some((exception) => exception.action === action && exception.code === code);
