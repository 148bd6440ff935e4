/// The handlers of all routes, one file for each resource.
///
/// Each answers its call once: at once, or later from cerebro's thread.
#pragma once

#include "server/api/api.hpp"
#include "server/api/call.hpp"

namespace cordyna::server {

// health.cpp
void show_alive(Api& api, Call& call);
void show_ready(Api& api, Call& call);
void show_metrics(Api& api, Call& call);
void show_openapi(Api& api, Call& call);
// ui.cpp
void show_page(Api& api, Call& call);
void show_page_file(Api& api, Call& call);
void show_start(Api& api, Call& call);
// session.cpp
void log_in(Api& api, Call& call);
void log_out(Api& api, Call& call);
void show_me(Api& api, Call& call);
// flows.cpp
void diff_flow(Api& api, Call& call);
void plan_flow(Api& api, Call& call);
void list_namespaces(Api& api, Call& call);
void list_flows(Api& api, Call& call);
void show_flow(Api& api, Call& call);
void list_flow_versions(Api& api, Call& call);
void show_flow_version(Api& api, Call& call);
void validate_flow(Api& api, Call& call);
void apply_flows(Api& api, Call& call);
void remove_flow(Api& api, Call& call);
void switch_flow(Api& api, Call& call);
// runs.cpp
void list_runs(Api& api, Call& call);
void show_run(Api& api, Call& call);
void list_tasks(Api& api, Call& call);
void list_attempts(Api& api, Call& call);
void list_history(Api& api, Call& call);
void show_run_flow(Api& api, Call& call);
void explain_run(Api& api, Call& call);
// live.cpp
void follow_run(Api& api, Call& call);
void follow_runs(Api& api, Call& call);
// run_writes.cpp
void start_run(Api& api, Call& call);
void cancel_run(Api& api, Call& call);
void rerun_run(Api& api, Call& call);
void plan_rerun_of(Api& api, Call& call);
void decide_task(Api& api, Call& call);
// logs.cpp
void show_log(Api& api, Call& call);
// reports.cpp
void show_report(Api& api, Call& call);
// schedules.cpp
void list_next_times(Api& api, Call& call);
void list_ticks(Api& api, Call& call);
// artifacts.cpp
void list_artifacts(Api& api, Call& call);
void show_artifact(Api& api, Call& call);
// backfills.cpp
void start_backfill(Api& api, Call& call);
void list_backfills(Api& api, Call& call);
void show_backfill(Api& api, Call& call);
void steer_backfill(Api& api, Call& call);
// hooks.cpp
void take_hook(Api& api, Call& call);
// events.cpp
void list_events(Api& api, Call& call);
void show_event(Api& api, Call& call);
void settle_event(Api& api, Call& call);
// triggers.cpp
void list_triggers(Api& api, Call& call);
// inputs.cpp
void list_inputs(Api& api, Call& call);
// task_servers.cpp
void post_task_events(Api& api, Call& call);
void fetch_task_commands(Api& api, Call& call);
void open_task_socket(Api& api, Call& call);
void list_task_servers(Api& api, Call& call);
void list_messages(Api& api, Call& call);
// pools.cpp
void list_pools(Api& api, Call& call);
void list_places(Api& api, Call& call);
// secrets.cpp
void list_secrets(Api& api, Call& call);
void set_secret(Api& api, Call& call);
void remove_secret(Api& api, Call& call);
// users.cpp
void list_users(Api& api, Call& call);
void put_user(Api& api, Call& call);
void disable_user(Api& api, Call& call);
// tokens.cpp
void list_tokens(Api& api, Call& call);
void create_token(Api& api, Call& call);
void revoke_token(Api& api, Call& call);
// notices.cpp
void list_notices(Api& api, Call& call);
// alerts.cpp
void list_alerts(Api& api, Call& call);
void acknowledge_alert(Api& api, Call& call);
void try_channel(Api& api, Call& call);
// git.cpp
void list_git(Api& api, Call& call);
void sync_git(Api& api, Call& call);
void push_git(Api& api, Call& call);
// audit.cpp
void list_audit(Api& api, Call& call);
void check_audit_chain(Api& api, Call& call);
// backup.cpp
void take_backup(Api& api, Call& call);

}  // namespace cordyna::server
