/* SPDX-License-Identifier: Apache-2.0 */
/* Names of spans and attributes: OpenTelemetry GenAI semantic conventions as of v1.41.0, and our own. The only place that knows them. */
#ifndef LIVE_ADAPTER_GENAI_H
#define LIVE_ADAPTER_GENAI_H

#define GENAI_SEMCONV "1.41.0"
#define GENAI_OPERATION "gen_ai.operation.name"
#define GENAI_INVOKE_WORKFLOW "invoke_workflow"
#define GENAI_INVOKE_AGENT "invoke_agent"
#define GENAI_EXECUTE_TOOL "execute_tool"
#define GENAI_CHAT "chat"
#define GENAI_WORKFLOW_NAME "gen_ai.workflow.name"
#define GENAI_AGENT_NAME "gen_ai.agent.name"
#define GENAI_TOOL_NAME "gen_ai.tool.name"
#define GENAI_PROVIDER_NAME "gen_ai.provider.name"
#define GENAI_REQUEST_MODEL "gen_ai.request.model"
#define GENAI_USAGE_OUTPUT "gen_ai.usage.output_tokens"
#define GENAI_CONVERSATION "gen_ai.conversation.id"
#define OTEL_ERROR_TYPE "error.type"

#define STEWARD_INCIDENT "steward.incident"
#define STEWARD_MODEL "steward.model"
#define STEWARD_CAUSE "steward.cause"
#define STEWARD_ACTION "steward.action"
#define STEWARD_ACTION_STATE "steward.action.state"
#define STEWARD_VERB "steward.verb"
#define STEWARD_VERDICT "steward.verdict"
#define STEWARD_REFUSAL "steward.refusal"
#define STEWARD_LAYER "steward.layer"
#define STEWARD_ANSWER "steward.answer"
#define STEWARD_REPLY "steward.reply"
#define STEWARD_RECORD "steward.record"

#endif
