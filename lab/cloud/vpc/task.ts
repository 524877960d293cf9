/** Tasks as the vpc API shows them: by the request's id, and those of EIPs by a number. */
import { CloudError, missing } from "../account/errors.ts";
import type { Handler, Model } from "../account/model.ts";
import type { TaskStart } from "../account/tasks.ts";

/** A task of the EIP side has a number of its own. */
export function startNumbered(model: Model, task: Omit<TaskStart, "id">): string {
  const id = String(model.ids.count("eip-task", 61531401));
  model.tasks.start({ id, ...task });
  return id;
}

const noTask = (id: string) => new CloudError("ResourceNotFound", `The task '${id}' does not exist.`);

const describeVpcTaskResult: Handler<{ TaskId: string }> = (model, request) => {
  const Status = model.tasks.status(request.TaskId, noTask);
  return { Status, Output: Status, Result: [] };
};

const describeTaskResult: Handler<{ TaskId?: number }> = (model, request) => {
  if (request.TaskId === undefined) throw missing("TaskId");
  const unknown = (id: string) => new CloudError("InvalidParameter", `The task '${id}' does not exist.`);
  return { TaskId: request.TaskId, Result: model.tasks.status(String(request.TaskId), unknown) };
};

export const taskActions = {
  vpc: { DescribeVpcTaskResult: describeVpcTaskResult, DescribeTaskResult: describeTaskResult },
};
