// Backfills: listed, looked at, steered.
#include <fmt/format.h>

#include <utility>

#include "base/json_text.hpp"
#include "server/api/idempotency.hpp"
#include "server/api/numbered.hpp"
#include "server/api/page.hpp"
#include "server/api/routes.hpp"
#include "service/backfill_counts.hpp"
#include "service/backfill_plan.hpp"
#include "service/json.hpp"

namespace cordyna::server {
namespace {

/// Nullopt: the call is refused.
std::optional<BackfillRow> backfill_of(Api& api, Call& call) {
  return numbered_row<BackfillRow>(
      call, "backfill", [&api](BackfillNo no) { return api.reader().find_backfill(no); });
}

/// As a command line gives them.
flow::GivenInputs inputs_of(const Call& call) {
  flow::GivenInputs inputs;
  for (const JsonBody& one : call.body.objects("inputs")) {
    inputs.emplace_back(one.text("name"), one.text("value"));
  }
  return inputs;
}

/// {"times":[{"scheduled_for":…},…]}
std::string times_as_json(const BackfillPlan& plan) {
  std::string out = "{\"times\":[";
  for (const schedule::Tick& time : plan.times) {
    out += fmt::format("{}{{\"scheduled_for\":\"{}\",\"from\":\"{}\"}}",
                       &time == plan.times.data() ? "" : ",", format_timestamp(time.at),
                       format_timestamp(time.interval_from));
  }
  return out + "]}";
}

}  // namespace

void start_backfill(Api& api, Call& call) {
  const auto row = api.reader().find_applied(call.ns(), call.value("flow"));
  if (!row.has_value()) return call.refuse(row.error());
  if (row->removed_at != 0) return call.refuse(problem("not_found", "the flow was removed"));
  auto version = api.reader().find_flow(row->hash);
  if (!version.has_value()) return call.refuse(version.error());
  auto flow = api.flows().load(version->canonical, row->folder);
  if (!flow.has_value()) return call.refuse(flow.error());
  BackfillWish wish;
  wish.from = call.body.text("from");
  wish.to = call.body.text("to");
  wish.every = call.body.text("every");
  wish.trigger = call.body.text("trigger");
  wish.parallel = static_cast<std::uint32_t>(call.body.number("parallel", 1));
  wish.only_missing = call.body.flag("only_missing");
  wish.newest_first = call.body.flag("newest_first");
  wish.inputs = inputs_of(call);
  const auto id = id_for(call, api.now());
  if (!id.has_value()) return;
  auto plan = plan_backfill(wish, **flow, api.now());
  if (!plan.has_value()) return call.refuse(plan.error());
  const auto files = flow::check_backfill_files(**flow, wish.inputs, api.parts().files);
  if (!files.has_value()) return call.refuse(files.error());
  if (const auto right = try_inputs(**flow, *plan, id->id, api.now()); !right.has_value()) {
    return call.refuse(right.error());
  }
  if (call.body.flag("dry_run")) {
    if (wish.only_missing) {
      std::erase_if(plan->times, [&](const schedule::Tick& time) {
        const auto done = api.reader().is_done({row->ns, row->flow_id, plan->row.trigger, time.at});
        return done.has_value() && *done;
      });
    }
    return call.answer({200, {{"Content-Type", "application/json"}}, times_as_json(*plan) + "\n"});
  }
  const auto refused = api.gate().refuse_runs(call.caller, plan->times.size(), api.now());
  if (refused.has_value()) return call.refuse(*refused);
  BackfillRequest request;
  request.row = std::move(plan->row);
  request.row.id = id->id.value;
  request.row.ns = row->ns;
  request.row.flow_id = row->flow_id;
  request.row.flow_hash = row->hash;
  request.row.folder = row->folder;
  request.flow = std::move(*flow);
  request.canonical = std::move(version->canonical);
  AuditNote note =
      note_of(call, "backfill", row->ns, {},
              fmt::format("{{\"flow\":{},\"from\":\"{}\",\"to\":\"{}\"}}",
                          json_string(flow_name(row->ns, row->flow_id)),
                          format_timestamp(request.row.begin), format_timestamp(request.row.end)));
  note.numbered = true;
  auto kept = std::make_shared<Call>(std::move(call));
  api.cerebro().ask(std::move(request), std::move(note), [kept](const Result<std::int64_t>& no) {
    if (!no.has_value()) return kept->refuse(no.error());
    kept->answer(fmt::format("{{\"backfill\":{}}}", *no));
  });
}

void list_backfills(Api& api, Call& call) {
  BackfillFilter filter;
  filter.unfinished = call.query_flag("unfinished");
  filter.before = call.query_number("before", 0);
  const auto limit = static_cast<std::uint32_t>(call.query_number("limit", kPageDefault));
  filter.limit = limit + 1;
  const auto rows = api.reader().list_backfills(filter);
  if (!rows.has_value()) return call.refuse(rows.error());
  std::vector<BackfillRow> shown;
  for (const BackfillRow& row : *rows) {
    if (shown.size() < limit && call.caller.may(Role::kViewer, row.ns)) shown.push_back(row);
  }
  std::string out = "{\"backfills\":[";
  for (const BackfillRow& row : shown) {
    const auto counts = count_runs(api.reader(), row.no);
    if (!counts.has_value()) return call.refuse(counts.error());
    if (&row != shown.data()) out += ",\n";
    out += backfill_as_json(row, *counts);
  }
  out += ']';
  if (rows->size() > limit) out += fmt::format(",\"next\":\"{}\"", (*rows)[limit - 1].no);
  call.answer(out + '}');
}

void show_backfill(Api& api, Call& call) {
  const auto row = backfill_of(api, call);
  if (!row.has_value()) return;
  const auto counts = count_runs(api.reader(), row->no);
  if (!counts.has_value()) return call.refuse(counts.error());
  call.answer(backfill_as_json(*row, *counts));
}

void steer_backfill(Api& api, Call& call) {
  const auto row = backfill_of(api, call);
  if (!row.has_value()) return;
  const std::string action = call.body.text("action");
  BackfillOp op = BackfillOp::kPause;
  if (action == "resume") op = BackfillOp::kResume;
  if (action == "cancel") op = BackfillOp::kCancel;
  AuditNote note = note_of(call, fmt::format("backfill {}", row->no), row->ns,
                           fmt::format("{{\"state\":\"{}\"}}", to_string(row->state)),
                           fmt::format("{{\"action\":\"{}\"}}", action));
  const BackfillNo no = row->no;
  auto kept = std::make_shared<Call>(std::move(call));
  api.cerebro().ask(SteerRequest{no, op}, std::move(note),
                    [kept, no](const Result<std::int64_t>& done) {
                      if (!done.has_value()) return kept->refuse(done.error());
                      kept->answer(fmt::format("{{\"backfill\":{}}}", no));
                    });
}

}  // namespace cordyna::server
