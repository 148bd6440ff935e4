// All routes, one line each.
#include <array>

#include "server/api/page.hpp"
#include "server/api/routes.hpp"
#include "server/api/specs.hpp"

namespace cordyna::server {
namespace {

using enum ValueType;

constexpr std::size_t kFlowsBytes = std::size_t{32} << 20;
constexpr std::string_view kText = "text/plain";

constexpr Field kLimit{"limit", kInteger, false, "How many at most; 50 unless said.",
                       {},      {},       1,     kPageMax};
constexpr Field kBeforeNo{
    "before", kInteger, false, "Only numbers below: the `next` of the page before.", {}, {}, 1};

constexpr std::array kRunQuery{
    Field{"namespace", kString, false, "Only of this namespace."},
    Field{"flow", kString, false, "Only of flows with this id."},
    Field{"state", kString, false, "Only in this state.", kRunStates},
    Field{"unfinished", kBoolean, false, "Only runs that have not ended."},
    Field{"backfill", kString, false, "Only of the backfill with this number."},
    kBeforeNo,
    kLimit};
constexpr std::array kFlowQuery{
    Field{"namespace", kString, false, "Only of this namespace."},
    Field{"id", kString, false, "Only flows with this id."},
    Field{"removed", kBoolean, false, "Also those that were removed."},
    Field{"after", kString, false, "Only names after this: the `next` of the page before."},
    kLimit};
constexpr std::array kVersionQuery{kBeforeNo, kLimit};
constexpr std::array kAttemptQuery{
    Field{"task", kString, false, "Only of the task with this path."}};
constexpr std::array kHistoryQuery{
    Field{"after", kInteger, false, "Only entries after this number."}, kLimit};
constexpr std::array kHistoryFrom{Field{
    "after", kInteger, false, "Only entries after this number; Last-Event-ID says the same."}};
constexpr std::array kLogQuery{
    Field{"task", kString, true, "The path of the task."},
    Field{"attempt", kInteger, false, "The number of the attempt; else the newest.", {}, {}, 1},
    Field{"offset", kInteger, false, "From this byte on: the `offset` of the answer before."}};
constexpr std::array kReportQuery{
    Field{"task", kString, true, "The path of the task."},
    Field{"attempt", kInteger, false, "The number of the attempt; else the newest.", {}, {}, 1}};
constexpr std::array kRerunQuery{Field{"from", kString, false, "As of the rerun."},
                                 Field{"latest", kBoolean, false, "As of the rerun."}};
constexpr std::array kNextQuery{
    Field{"after", kTime, false, "Times after this one; else after now."},
    Field{"limit", kInteger, false, "How many at most; 10 unless said.", {}, {}, 1, kPageMax}};
constexpr std::array kTickQuery{Field{"trigger", kString, false, "Only of this trigger."},
                                Field{"before", kTime, false, "Only times before this one."},
                                kLimit};
constexpr std::array kBackfillQuery{
    Field{"unfinished", kBoolean, false, "Only those that have not ended."}, kBeforeNo, kLimit};
constexpr std::array kDiffQuery{
    Field{"from", kInteger, false, "The version before; else the one before `to`.", {}, {}, 1},
    Field{"to", kInteger, false, "The version after; else the present one.", {}, {}, 1}};
constexpr std::array kArtifactQuery{
    Field{"task", kString, true, "The path of the task."},
    Field{"name", kString, true, "As the list has it."},
    Field{"attempt", kInteger, false, "The number of the attempt; else the newest.", {}, {}, 1}};
constexpr std::array kEventQuery{
    Field{"namespace", kString, false, "Only of this namespace."},
    Field{"flow", kString, false, "Only of flows with this id."},
    Field{"trigger", kString, false, "Only of triggers with this id."},
    Field{"state", kString, false, "Only in this state; dead: the dead letters.", kEventStates},
    kBeforeNo,
    kLimit};
constexpr std::array kNoticeQuery{Field{"team", kString, false, "Only for this one."},
                                  Field{"kind", kString, false, "Only of this kind.", kNoticeKinds},
                                  Field{"run", kInteger, false, "Only of this run.", {}, {}, 1},
                                  kBeforeNo, kLimit};
constexpr std::array kTriggerQuery{
    Field{"namespace", kString, false, "Only of this namespace."},
    Field{"flow", kString, false, "Only of flows with this id."},
    Field{"type", kString, false, "Only of this type.", kTriggerTypes},
    Field{"after", kString, false, "Only flows after this: the `next` of the page before."},
    kLimit};
constexpr std::array kCommandQuery{
    Field{"server", kString, true, "Whose: TEAM/SERVER, as orders/etl-1."},
    Field{
        "wait", kInteger, false, "Seconds that it waits at most; 30 unless said.", {}, {}, 0, 60}};
constexpr std::size_t kListBytes = std::size_t{1} << 20;
constexpr std::array kAuditQuery{
    Field{"actor", kString, false, "Only what this one did: user:ann, token:k3f9."},
    Field{"subject", kString, false, "Only what was done to this: run 12, flow acme/daily."},
    kBeforeNo, kLimit};

// clang-format off: one entry in two lines
constexpr std::array kRoutes{
    Route{"GET", "/livez", "isAlive", "health", Role::kViewer, Scope::kPublic,
          "Whether the process lives", show_alive, {}, nullptr, {}, 200, nullptr, kText},
    Route{"GET", "/readyz", "isReady", "health", Role::kViewer, Scope::kPublic,
          "Whether the server takes work", show_ready, {}, nullptr, {}, 200, nullptr, kText},
    Route{"GET", "/metrics", "showMetrics", "health", Role::kViewer, Scope::kServer,
          "Figures for Prometheus", show_metrics, {}, nullptr, {}, 200, nullptr, kText},
    Route{"GET", "/api/v1/openapi.json", "showOpenapi", "health", Role::kViewer, Scope::kSelf,
          "This document", show_openapi, {}, nullptr, {}, 200, &kAnyObject},
    Route{"GET", "/", "showStart", "pages", Role::kViewer, Scope::kPublic,
          "Leads to the web UI", show_start, {}, nullptr, {}, 303, nullptr},
    Route{"GET", "/ui", "showHomePage", "pages", Role::kViewer, Scope::kPublic,
          "The web UI", show_page, {}, nullptr, {}, 200, nullptr, "text/html", 0, false, true},
    Route{"GET", "/ui/{page}", "showPage", "pages", Role::kViewer, Scope::kPublic,
          "A page of it", show_page, {}, nullptr, {}, 200, nullptr, "text/html", 0, false, true},
    Route{"GET", "/ui/{page}/{of}", "showPageOf", "pages", Role::kViewer, Scope::kPublic,
          "Its page of something", show_page, {}, nullptr, {}, 200, nullptr, "text/html", 0, false, true},
    Route{"GET", "/ui/{page}/{of}/{name}", "showPageOfName", "pages", Role::kViewer, Scope::kPublic,
          "Its page of something with a namespace or a team", show_page, {}, nullptr, {}, 200, nullptr, "text/html", 0, false, true},
    Route{"GET", "/assets/{file}", "showPageFile", "pages", Role::kViewer, Scope::kPublic,
          "A file that its pages load", show_page_file, {}, nullptr, {}, 200, nullptr, "application/octet-stream"},
    Route{"GET", "/login", "showLoginPage", "pages", Role::kViewer, Scope::kPublic,
          "The page behind a login link", show_page, {}, nullptr, {}, 200, nullptr, "text/html", 0, false, true},
    Route{"POST", "/api/v1/login", "logIn", "session", Role::kViewer, Scope::kPublic,
          "A session, by name and password, or by a login link", log_in, {}, &kLogin, {}, 200, &kSession},
    Route{"POST", "/api/v1/logout", "logOut", "session", Role::kViewer, Scope::kSelf,
          "Ends the session", log_out, {}, nullptr, {}, 204, nullptr},
    Route{"GET", "/api/v1/me", "showMe", "session", Role::kViewer, Scope::kSelf,
          "Who the token is of, and what it may", show_me, {}, nullptr, {}, 200, &kMe},
    Route{"GET", "/api/v1/flows", "listFlows", "flows", Role::kViewer, Scope::kAnywhere,
          "The flows that are applied", list_flows, kFlowQuery, nullptr, {}, 200, &kFlows},
    Route{"POST", "/api/v1/flows", "applyFlows", "flows", Role::kAuthor, Scope::kAnywhere,
          "Applies flows, all or none", apply_flows, {}, &kApply, {}, 200, &kApplied, "application/json", kFlowsBytes},
    Route{"POST", "/api/v1/flows/validate", "validateFlow", "flows", Role::kAuthor, Scope::kAnywhere,
          "Checks the text of a flow", validate_flow, {}, &kFlowFile, {}, 200, &kValidated, "application/json", kFlowsBytes},
    Route{"GET", "/api/v1/flows/{namespace}/{flow}", "showFlow", "flows", Role::kViewer, Scope::kNamespace,
          "A flow, as it is applied now", show_flow, {}, nullptr, {}, 200, &kFlow},
    Route{"PATCH", "/api/v1/flows/{namespace}/{flow}", "switchFlow", "flows", Role::kOperator, Scope::kNamespace,
          "Disables a flow, so that nothing starts runs of it, or enables it again", switch_flow, {}, &kFlowSwitch, {}, 204, nullptr},
    Route{"DELETE", "/api/v1/flows/{namespace}/{flow}", "removeFlow", "flows", Role::kAuthor, Scope::kNamespace,
          "Removes a flow; its versions and runs stay", remove_flow, {}, nullptr, {}, 204, nullptr},
    Route{"GET", "/api/v1/flows/{namespace}/{flow}/versions", "listFlowVersions", "flows", Role::kViewer, Scope::kNamespace,
          "The versions of a flow, newest first", list_flow_versions, kVersionQuery, nullptr, {}, 200, &kVersions},
    Route{"GET", "/api/v1/flows/{namespace}/{flow}/versions/{version}", "showFlowVersion", "flows", Role::kViewer, Scope::kNamespace,
          "A version of a flow", show_flow_version, {}, nullptr, {}, 200, &kFlow},
    Route{"GET", "/api/v1/flows/{namespace}/{flow}/next", "listNextTimes", "schedules", Role::kViewer, Scope::kNamespace,
          "When its schedules are due next", list_next_times, kNextQuery, nullptr, {}, 200, &kNextTimes},
    Route{"GET", "/api/v1/flows/{namespace}/{flow}/ticks", "listTicks", "schedules", Role::kViewer, Scope::kNamespace,
          "What became of each time before, newest first", list_ticks, kTickQuery, nullptr, {}, 200, &kTicks},
    Route{"POST", "/api/v1/flows/{namespace}/{flow}/runs", "startRun", "runs", Role::kOperator, Scope::kNamespace,
          "Starts a run; with Idempotency-Key at most one", start_run, {}, &kStart, {}, 201, &kStarted},
    Route{"GET", "/api/v1/runs", "listRuns", "runs", Role::kViewer, Scope::kAnywhere,
          "Runs, newest first", list_runs, kRunQuery, nullptr, {}, 200, &kRuns},
    Route{"GET", "/api/v1/runs/{run}", "showRun", "runs", Role::kViewer, Scope::kRun,
          "A run", show_run, {}, nullptr, {}, 200, &kRun},
    Route{"GET", "/api/v1/runs/{run}/tasks", "listTasks", "runs", Role::kViewer, Scope::kRun,
          "Its tasks, and what waits for a person", list_tasks, {}, nullptr, {}, 200, &kTasks},
    Route{"GET", "/api/v1/runs/{run}/attempts", "listAttempts", "runs", Role::kViewer, Scope::kRun,
          "Its attempts", list_attempts, kAttemptQuery, nullptr, {}, 200, &kAttempts},
    Route{"GET", "/api/v1/runs/{run}/history", "listHistory", "runs", Role::kViewer, Scope::kRun,
          "All that happened to it, in order", list_history, kHistoryQuery, nullptr, {}, 200, &kHistoryPage},
    Route{"GET", "/api/v1/runs/{run}/why", "explainRun", "runs", Role::kViewer, Scope::kRun,
          "Why its tasks are not running", explain_run, {}, nullptr, {}, 200, &kWhy},
    Route{"GET", "/api/v1/runs/{run}/log", "showLog", "runs", Role::kViewer, Scope::kRun,
          "What an attempt printed, from a byte on", show_log, kLogQuery, nullptr, {}, 200, &kLog},
    Route{"GET", "/api/v1/runs/{run}/report", "showReport", "runs", Role::kViewer, Scope::kRun,
          "What an attempt of a data step reported", show_report, kReportQuery, nullptr, {}, 200, &kReport},
    Route{"GET", "/api/v1/runs/{run}/flow", "showRunFlow", "runs", Role::kViewer, Scope::kRun,
          "Its flow, as it was when it began", show_run_flow, {}, nullptr, {}, 200, &kRunFlow},
    Route{"GET", "/api/v1/runs/{run}/events", "followRun", "live", Role::kViewer, Scope::kRun,
          "What happens to it, live (server-sent events)", follow_run, kHistoryFrom, nullptr, {}, 200, nullptr, "text/event-stream"},
    Route{"GET", "/api/v1/live/runs", "followRuns", "live", Role::kViewer, Scope::kAnywhere,
          "Changes of runs, and what else looks different, live (server-sent events)", follow_runs, {}, nullptr, {}, 200, nullptr, "text/event-stream"},
    Route{"POST", "/api/v1/runs/{run}/cancel", "cancelRun", "runs", Role::kOperator, Scope::kRun,
          "Ends it, with all its processes", cancel_run, {}, nullptr, {}, 202, &kStarted},
    Route{"POST", "/api/v1/runs/{run}/rerun", "rerunRun", "runs", Role::kOperator, Scope::kRun,
          "A new run that takes over what it completed", rerun_run, {}, &kRerun, {}, 201, &kStarted},
    Route{"GET", "/api/v1/runs/{run}/rerun", "planRerun", "runs", Role::kViewer, Scope::kRun,
          "What a rerun would run again", plan_rerun_of, kRerunQuery, nullptr, {}, 200, &kRerunPlan},
    Route{"POST", "/api/v1/runs/{run}/decision", "decideTask", "runs", Role::kOperator, Scope::kRun,
          "A person's word on a task that is held", decide_task, {}, &kDecision, {}, 202, &kStarted},
    Route{"GET", "/api/v1/namespaces", "listNamespaces", "flows", Role::kViewer, Scope::kAnywhere,
          "The namespaces of flows", list_namespaces, {}, nullptr, {}, 200, &kNamespaces},
    Route{"GET", "/api/v1/flows/{namespace}/{flow}/diff", "diffFlow", "flows", Role::kViewer, Scope::kNamespace,
          "How two versions differ", diff_flow, kDiffQuery, nullptr, {}, 200, &kFlowDiff},
    Route{"GET", "/api/v1/flows/{namespace}/{flow}/plan", "planFlow", "flows", Role::kViewer, Scope::kNamespace,
          "What a run of it would begin, join or find fresh, in order", plan_flow, {}, nullptr, {}, 200, &kRunPlan},
    Route{"GET", "/api/v1/runs/{run}/artifacts", "listArtifacts", "runs", Role::kViewer, Scope::kRun,
          "Files that its tasks left", list_artifacts, {}, nullptr, {}, 200, &kArtifacts},
    Route{"GET", "/api/v1/runs/{run}/artifact", "downloadArtifact", "runs", Role::kViewer, Scope::kRun,
          "One of them", show_artifact, kArtifactQuery, nullptr, {}, 200, nullptr, "application/octet-stream"},
    Route{"POST", "/api/v1/flows/{namespace}/{flow}/backfills", "startBackfill", "backfills", Role::kOperator, Scope::kNamespace,
          "Begins one, or tells its times", start_backfill, {}, &kBackfillWish, {}, 201, &kBegun,
          "application/json", 0, true},
    Route{"GET", "/api/v1/backfills", "listBackfills", "backfills", Role::kViewer, Scope::kAnywhere,
          "Backfills, newest first", list_backfills, kBackfillQuery, nullptr, {}, 200, &kBackfills},
    Route{"GET", "/api/v1/backfills/{backfill}", "showBackfill", "backfills", Role::kViewer, Scope::kAnywhere,
          "A backfill", show_backfill, {}, nullptr, {}, 200, &kBackfill},
    Route{"POST", "/api/v1/backfills/{backfill}/steer", "steerBackfill", "backfills", Role::kOperator, Scope::kAnywhere,
          "Pauses, resumes or cancels it", steer_backfill, {}, &kSteer, {}, 202, &kSteered},
    Route{"POST", "/hooks/{namespace}/{flow}/{trigger}", "sendEvent", "events", Role::kViewer, Scope::kPublic,
          "An event for a webhook whose requests are signed", take_hook, {}, nullptr, {}, 202, &kAccepted,
          "application/json", 0, true, true},
    Route{"POST", "/hooks/{namespace}/{flow}/{trigger}/{key}", "sendEventByKey", "events", Role::kViewer, Scope::kPublic,
          "An event for a webhook with a secret in its address", take_hook, {}, nullptr, {}, 202, &kAccepted,
          "application/json", 0, true, true},
    Route{"GET", "/api/v1/triggers", "listTriggers", "events", Role::kViewer, Scope::kAnywhere,
          "What starts runs of flows", list_triggers, kTriggerQuery, nullptr, {}, 200, &kTriggers},
    Route{"GET", "/api/v1/events", "listEvents", "events", Role::kViewer, Scope::kAnywhere,
          "What came in, newest first", list_events, kEventQuery, nullptr, {}, 200, &kEvents},
    Route{"GET", "/api/v1/events/{event}", "showEvent", "events", Role::kViewer, Scope::kAnywhere,
          "An event with its data", show_event, {}, nullptr, {}, 200, &kEvent},
    Route{"POST", "/api/v1/events/{event}/settle", "settleEvent", "events", Role::kOperator, Scope::kAnywhere,
          "A dead letter is tried again, or dropped", settle_event, {}, &kSettle, {}, 202, &kSettled},
    Route{"GET", "/api/v1/notices", "listNotices", "runs", Role::kViewer, Scope::kAnywhere,
          "Who is told of what went wrong, newest first", list_notices, kNoticeQuery, nullptr, {}, 200, &kNotices},
    Route{"GET", "/api/v1/alerts", "listAlerts", "alerts", Role::kViewer, Scope::kAnywhere,
          "What is not well, who is told of it, and how their channels fare", list_alerts, {}, nullptr, {}, 200, &kAlerts},
    Route{"POST", "/api/v1/alerts/{alert}/acknowledge", "acknowledgeAlert", "alerts", Role::kOperator, Scope::kAnywhere,
          "Somebody is at it: until all is well, nobody is told of it again or called", acknowledge_alert, {}, nullptr, {}, 204, nullptr},
    Route{"POST", "/api/v1/channels/{channel}/test", "tryChannel", "alerts", Role::kAdmin, Scope::kServer,
          "Sends a message that tries the channel out", try_channel, {}, nullptr, {}, 204, nullptr},
    Route{"GET", "/api/v1/git", "listGit", "git", Role::kViewer, Scope::kAnywhere,
          "Namespaces that follow a branch, and how that goes", list_git, {}, nullptr, {}, 200, &kGit},
    Route{"POST", "/api/v1/git/{namespace}/sync", "syncGit", "git", Role::kOperator, Scope::kNamespace,
          "Looks at the branch now, and applies what is there", sync_git, {}, &kGitSync, {}, 200, &kGitFollowing},
    Route{"POST", "/api/v1/git/{namespace}/push", "pushGit", "git", Role::kAuthor, Scope::kNamespace,
          "Pushes what was changed here as a commit", push_git, {}, &kGitPush, {}, 200, &kGitFollowing},
    Route{"GET", "/api/v1/inputs", "listInputs", "events", Role::kViewer, Scope::kAnywhere,
          "What listens for triggers, and how it fares", list_inputs, {}, nullptr, {}, 200, &kInputs},
    Route{"GET", "/api/v1/task-servers", "listTaskServers", "task-servers", Role::kViewer, Scope::kAnywhere,
          "Task servers: how they are, what they declare and what they are at", list_task_servers, {}, nullptr, {}, 200, &kTaskServers},
    Route{"GET", "/api/v1/runs/{run}/messages", "listMessages", "runs", Role::kViewer, Scope::kRun,
          "What cerebro and task servers said to each other for it", list_messages, {}, nullptr, {}, 200, &kMessages},
    Route{"POST", "/api/v1/ts/events", "postTaskEvents", "task-servers", Role::kAuthor, Scope::kTaskServer,
          "Messages of a task server (CloudEvents, docs/protocol.md); answers when they are saved", post_task_events, {}, nullptr, "application/cloudevents-batch+json", 200, nullptr, "application/cloudevents-batch+json", kListBytes, false, true},
    Route{"GET", "/api/v1/ts/commands", "fetchTaskCommands", "task-servers", Role::kAuthor, Scope::kTaskServer,
          "Messages for a task server, which waits for them", fetch_task_commands, kCommandQuery, nullptr, {}, 200, nullptr, "application/cloudevents-batch+json"},
    Route{"GET", "/api/v1/ts/socket", "openTaskSocket", "task-servers", Role::kAuthor, Scope::kTaskServer,
          "Becomes a WebSocket for the messages of a task server", open_task_socket, {}, nullptr, {}, 101, nullptr, ""},
    Route{"GET", "/api/v1/pools", "listPools", "pools", Role::kViewer, Scope::kServer,
          "What the pools hold, and who waits", list_pools, {}, nullptr, {}, 200, &kPools},
    Route{"GET", "/api/v1/places", "listPlaces", "pools", Role::kViewer, Scope::kServer,
          "What the places have and hold, and who waits", list_places, {}, nullptr, {}, 200, &kPlaces},
    Route{"GET", "/api/v1/secrets", "listSecrets", "secrets", Role::kAuthor, Scope::kServer,
          "The names of the secrets", list_secrets, {}, nullptr, {}, 200, &kSecrets},
    Route{"PUT", "/api/v1/secrets/{secret}", "setSecret", "secrets", Role::kAuthor, Scope::kServer,
          "Sets a secret; nobody reads it again", set_secret, {}, &kSecretValue, {}, 204, nullptr},
    Route{"DELETE", "/api/v1/secrets/{secret}", "removeSecret", "secrets", Role::kAuthor, Scope::kServer,
          "Removes a secret", remove_secret, {}, nullptr, {}, 204, nullptr},
    Route{"GET", "/api/v1/users", "listUsers", "users", Role::kAdmin, Scope::kServer,
          "All users", list_users, {}, nullptr, {}, 200, &kUsers},
    Route{"PUT", "/api/v1/users/{user}", "putUser", "users", Role::kAdmin, Scope::kServer,
          "Makes a user, or changes one", put_user, {}, &kUserChange, {}, 200, &kUser},
    Route{"GET", "/api/v1/tokens", "listTokens", "tokens", Role::kViewer, Scope::kSelf,
          "Your tokens; an admin sees all", list_tokens, {}, nullptr, {}, 200, &kTokens},
    Route{"POST", "/api/v1/tokens", "createToken", "tokens", Role::kViewer, Scope::kSelf,
          "Makes a token, which is shown once", create_token, {}, &kTokenWish, {}, 201, &kNewToken},
    Route{"DELETE", "/api/v1/tokens/{token}", "revokeToken", "tokens", Role::kViewer, Scope::kSelf,
          "Revokes a token", revoke_token, {}, nullptr, {}, 204, nullptr},
    Route{"GET", "/api/v1/audit", "listAudit", "audit", Role::kAdmin, Scope::kServer,
          "What was done, newest first", list_audit, kAuditQuery, nullptr, {}, 200, &kAuditPage},
    Route{"GET", "/api/v1/audit/verify", "verifyAudit", "audit", Role::kAdmin, Scope::kServer,
          "Whether the audit is as it was written, from its first entry on", check_audit_chain, {}, nullptr, {}, 200, &kAuditCheck},
    Route{"POST", "/api/v1/backup", "takeBackup", "state", Role::kAdmin, Scope::kServer,
          "A copy of the state as it is now, without logs, artifacts and secrets; for dyna restore", take_backup, {}, nullptr, {}, 200, nullptr, "application/vnd.sqlite3"}};
// clang-format on

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

}  // namespace cordyna::server
