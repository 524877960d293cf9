/** Tasks as the vpc API shows them: by the request's id, and those of EIPs by a number. */
import { missing } from "../account/api/errors.ts";
import type { TaskStart } from "../account/behaviour/tasks.ts";
import type { Handler, Model } from "../account/model.ts";

/** A task of the EIP side has a number of its own. */
export function startNumbered(model: Model, task: Omit<TaskStart, "id">): string {
  const id = model.ids.count("eip-task", 61531401);
  model.tasks.start({ id, ...task });
  return String(id);
}

const describeVpcTaskResult: Handler<{ TaskId: string }> = (model, request) => {
  const Status = model.tasks.status(request.TaskId, "ResourceNotFound");
  return { Status, Output: Status, Result: [] };
};

const describeTaskResult: Handler<{ TaskId?: number }> = (model, request) => {
  if (request.TaskId === undefined) throw missing("TaskId");
  return { TaskId: request.TaskId, Result: model.tasks.status(request.TaskId, "InvalidParameter") };
};

export const taskActions = {
  vpc: { DescribeVpcTaskResult: describeVpcTaskResult, DescribeTaskResult: describeTaskResult },
};
