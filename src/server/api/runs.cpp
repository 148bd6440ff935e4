// Runs: listed, looked at, explained.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "base/text.hpp"
#include "cerebro/explain.hpp"
#include "server/api/page.hpp"
#include "server/api/routes.hpp"
#include "service/history.hpp"
#include "service/json.hpp"

namespace cordyna::server {
namespace {

// Of runs that the caller may not see, so many are passed over in one request.
constexpr std::uint32_t kScanned = 2000;

struct RunPage {
  std::vector<RunRow> runs;
  RunNo next = 0;  // 0: there are no more
};

/// Of what the filter lets through, what the caller may see, and what is of the namespace. Bounded:
/// a page may be short though there are more.
Result<RunPage> visible_runs(StoreReader& reader, RunFilter filter, const Caller& caller,
                             const std::optional<std::string>& ns, std::size_t limit) {
  const bool all = !ns.has_value() && caller.may(Role::kViewer, kEverywhere);
  RunPage page;
  std::uint32_t scanned = 0;
  while (true) {
    filter.limit = all ? static_cast<std::uint32_t>(limit) + 1 : kScanned / 4;
    TRY_ASSIGN(const std::vector<RunRow> rows, reader.list_runs(filter));
    for (const RunRow& run : rows) {
      const bool seen = caller.may(Role::kViewer, run.ns) && (!ns.has_value() || run.ns == *ns);
      if (page.runs.size() == limit) {
        page.next = filter.before;
        return page;
      }
      filter.before = run.no;
      if (seen) page.runs.push_back(run);
    }
    if (rows.size() < filter.limit) return page;
    scanned += filter.limit;
    if (scanned < kScanned) continue;
    page.next = filter.before;
    return page;
  }
}

}  // namespace

void list_runs(Api& api, Call& call) {
  RunFilter filter;
  filter.flow_id = call.query_value("flow").value_or("");
  if (const auto state = call.query_value("state")) filter.state = parse_run_state(*state);
  filter.unfinished = call.query_flag("unfinished");
  filter.before = call.query_number("before", 0);
  filter.backfill = call.query_value("backfill").value_or("");
  const auto limit = static_cast<std::size_t>(call.query_number("limit", kPageDefault));
  const auto page =
      visible_runs(api.reader(), filter, call.caller, call.query_value("namespace"), limit);
  if (!page.has_value()) return call.refuse(page.error());
  std::string out = "{\"runs\":[";
  for (const RunRow& run : page->runs) {
    if (&run != page->runs.data()) out += ",\n";
    append_run(out, run);
  }
  out += ']';
  if (page->next > 0) out += fmt::format(",\"next\":\"{}\"", page->next);
  call.answer(out + '}');
}

void show_run(Api& api, Call& call) {
  const auto run = api.run_of(call);
  if (!run.has_value()) return;
  std::string out;
  append_run(out, *run);
  call.answer(std::move(out));
}

void list_tasks(Api& api, Call& call) {
  const auto run = api.run_of(call);
  if (!run.has_value()) return;
  const auto snapshot = api.reader().load_run(run->no);
  if (!snapshot.has_value()) return call.refuse(snapshot.error());
  std::string out = "{\"tasks\":[";
  for (const TaskRow& task : snapshot->tasks) {
    if (&task != snapshot->tasks.data()) out += ",\n";
    append_task(out, task);
  }
  out += "],\"holds\":[";
  for (const HoldRow& hold : snapshot->holds) {
    if (&hold != snapshot->holds.data()) out += ",\n";
    append_hold(out, hold);
  }
  call.answer(out + fmt::format("],\"history_seq\":{}}}", snapshot->history_seq));
}

void show_run_flow(Api& api, Call& call) {
  const auto run = api.run_of(call);
  if (!run.has_value()) return;
  const auto version = api.reader().find_flow(run->flow_hash);
  if (!version.has_value()) return call.refuse(version.error());
  std::string out = "{\"flow\":";
  append_json(out, flow_name(run->ns, run->flow_id));
  out += ",\"namespace\":";
  append_json(out, run->ns);
  out += ",\"id\":";
  append_json(out, run->flow_id);
  fmt::format_to(std::back_inserter(out), ",\"hash\":\"{}\",\"canonical\":", version->hash);
  call.answer(out + version->canonical + '}');
}

void list_attempts(Api& api, Call& call) {
  const auto run = api.run_of(call);
  if (!run.has_value()) return;
  const auto attempts = api.reader().list_attempts(run->no);
  if (!attempts.has_value()) return call.refuse(attempts.error());
  const auto task = call.query_value("task");
  std::string out = "{\"attempts\":[";
  bool first = true;
  for (const AttemptRow& attempt : *attempts) {
    if (task.has_value() && attempt.path != *task) continue;
    if (!std::exchange(first, false)) out += ",\n";
    append_attempt(out, attempt);
  }
  call.answer(out + "]}");
}

void list_history(Api& api, Call& call) {
  const auto run = api.run_of(call);
  if (!run.has_value()) return;
  const auto limit = static_cast<std::uint32_t>(call.query_number("limit", kPageMax));
  History history(api.reader());
  const auto updates = history.read(run->no, call.query_number("after", 0), limit + 1);
  if (!updates.has_value()) return call.refuse(updates.error());
  call.answer(page_as_json(
      "history", *updates, limit,
      [](std::string& out, const Update& update) { append_json(out, update); },
      [](const Update& update) { return std::to_string(update.seq); }));
}

void explain_run(Api& api, Call& call) {
  auto run = api.run_of(call);
  if (!run.has_value()) return;
  std::vector<engine::Blocker> blockers;
  if (!is_final(run->state)) {
    const FlowLoader loader = [&api](std::string_view canonical, std::string_view folder) {
      return api.flows().load(canonical, folder);
    };
    const auto room = [&api](const std::string& line) {
      TaskServers* const servers = api.parts().task_servers;
      return servers == nullptr ? 0U : servers->room_of(line);
    };
    auto found = explain(api.reader(), run->no, loader, api.parts().limits, api.now(), room);
    // It may have ended between the two looks.
    if (!found.has_value() && found.error().code != ErrorCode::kConflict) {
      return call.refuse(found.error());
    }
    if (found.has_value()) blockers = std::move(*found);
  }
  call.answer(why_as_json({std::move(*run), std::move(blockers), {}}));
}

}  // namespace cordyna::server
