#include "client/remote_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace cordyna::client {
namespace {

constexpr std::uint32_t kPage = 500;  // the most that the API gives at once
constexpr std::string_view kOfRun = "run:";

std::unexpected<Error> only_local(std::string_view what) {
  return fail(ErrorCode::kUnavailable,
              fmt::format("{} is known to a state folder alone; --server local asks that", what));
}

std::string number_text(std::int64_t number) {
  return number > 0 ? std::to_string(number) : std::string();
}

std::string flag_text(bool flag) {
  return flag ? "true" : "";
}

/// Rows of a list that comes in pages, at most `limit`. `name`: of the list, and of the parameter
/// that goes on where the page before ended.
struct Pages {
  std::string path;
  Query query;
  std::string_view list;
  std::string_view keyset;  // empty: the list has no pages
  std::string from;
  std::uint32_t limit = kPage;
};

/// The namespace "" is one, too, and an empty parameter is left out.
void add_namespace(Pages& pages, const std::optional<std::string>& ns) {
  if (ns.has_value() && !ns->empty()) pages.query.emplace_back("namespace", *ns);
  if (ns.has_value() && ns->empty()) pages.path += "?namespace=";
}

template <class Row, class Parse>
Result<std::vector<Row>> read_pages(const ApiClient& client, Pages pages, const Parse& parse) {
  std::vector<Row> rows;
  while (rows.size() < pages.limit) {
    Query query = pages.query;
    if (!pages.keyset.empty()) {
      const auto left = pages.limit - static_cast<std::uint32_t>(rows.size());
      query.emplace_back("limit", std::to_string(std::min(kPage, left)));
      query.emplace_back(pages.keyset, pages.from);
    }
    TRY_ASSIGN(const std::string text, client.get(pages.path, query));
    TRY_ASSIGN(const JsonSlice page, JsonSlice::parse(text));
    for (const JsonSlice& one : page.member(pages.list).items()) {
      TRY_ASSIGN(Row row, parse(one));
      if (rows.size() < pages.limit) rows.push_back(std::move(row));
    }
    const std::string next = page.text("next");
    if (next.empty() || next == pages.from) break;
    pages.from = next;
  }
  return rows;
}

}  // namespace

Result<RunRow> RemoteReader::run_at(const std::string& path) {
  TRY_ASSIGN(const std::string text, client_.get(path));
  TRY_ASSIGN(const JsonSlice json, JsonSlice::parse(text));
  TRY_ASSIGN(RunRow run, run_of(json));
  run.flow_hash = fmt::format("{}{}", kOfRun, run.no);
  return run;
}

Result<std::vector<RunRow>> RemoteReader::list_runs(const RunFilter& filter) {
  const std::string state = filter.state.has_value() ? std::string(to_string(*filter.state)) : "";
  Pages pages{"/runs",
              {{"flow", filter.flow_id},
               {"state", state},
               {"unfinished", flag_text(filter.unfinished)},
               {"backfill", filter.backfill}},
              "runs",
              "before",
              number_text(filter.before),
              filter.limit};
  add_namespace(pages, filter.ns);
  return read_pages<RunRow>(client_, std::move(pages), [](const JsonSlice& json) -> Result<RunRow> {
    TRY_ASSIGN(RunRow run, run_of(json));
    run.flow_hash = fmt::format("{}{}", kOfRun, run.no);
    return run;
  });
}

Result<RunRow> RemoteReader::find_run(const RunId& id) {
  return run_at("/runs/" + segment(id.value));
}

Result<RunRow> RemoteReader::find_run(RunNo no) {
  return run_at(fmt::format("/runs/{}", no));
}

Result<RunSnapshot> RemoteReader::load_run(RunNo no) {
  RunSnapshot snapshot;
  TRY_ASSIGN(snapshot.run, find_run(no));
  TRY_ASSIGN(const std::string text, client_.get(fmt::format("/runs/{}/tasks", no)));
  TRY_ASSIGN(const JsonSlice json, JsonSlice::parse(text));
  for (const JsonSlice& one : json.member("tasks").items()) {
    TRY_ASSIGN(TaskRow task, task_of(one, no));
    snapshot.tasks.push_back(std::move(task));
  }
  for (const JsonSlice& one : json.member("holds").items()) {
    TRY_ASSIGN(HoldRow hold, hold_of(one, no));
    snapshot.holds.push_back(std::move(hold));
  }
  snapshot.history_seq = json.number("history_seq");
  TRY_ASSIGN(snapshot.attempts, list_attempts(no));
  return snapshot;
}

Result<std::vector<AttemptRow>> RemoteReader::list_attempts(RunNo no) {
  const auto parse = [no](const JsonSlice& json) { return attempt_of(json, no); };
  return read_pages<AttemptRow>(client_,
                                {fmt::format("/runs/{}/attempts", no),
                                 {},
                                 "attempts",
                                 {},
                                 {},
                                 std::numeric_limits<std::uint32_t>::max()},
                                parse);
}

Result<std::vector<HistoryRow>> RemoteReader::list_history(RunNo no, std::int64_t after_seq,
                                                           std::uint32_t limit) {
  return read_pages<HistoryRow>(
      client_,
      {fmt::format("/runs/{}/history", no), {}, "history", "after", number_text(after_seq), limit},
      history_of);
}

Result<FlowVersionRow> RemoteReader::find_flow(std::string_view hash) {
  std::string path;
  if (hash.starts_with(kOfRun)) {
    path = fmt::format("/runs/{}/flow", hash.substr(kOfRun.size()));
  } else {
    const auto known = versions_.find(hash);
    if (known == versions_.end()) {
      return fail(ErrorCode::kNotFound, fmt::format("no version of a flow is known by {}", hash));
    }
    const VersionKey& key = known->second;
    path = fmt::format("{}/versions/{}", flow_path(key.ns, key.id), key.version);
  }
  TRY_ASSIGN(const std::string text, client_.get(path));
  TRY_ASSIGN(const JsonSlice json, JsonSlice::parse(text));
  FlowVersionRow row;
  row.hash = json.text("hash");
  row.id = json.text("id");
  row.ns = json.text("namespace");
  row.canonical = json.raw("canonical");
  if (row.canonical.empty()) {
    return fail(ErrorCode::kCorrupt, "the server's answer has a flow without its content");
  }
  return row;
}

Result<std::vector<PointRow>> RemoteReader::list_points(const PointFilter& /*filter*/) {
  return only_local("the history of guards");
}

Result<std::vector<SeriesInfo>> RemoteReader::list_series() {
  return only_local("the history of guards");
}

Result<std::vector<TickRow>> RemoteReader::list_ticks(const TickFilter& filter) {
  return read_pages<TickRow>(client_,
                             {flow_path(filter.ns, filter.flow_id) + "/ticks",
                              {{"trigger", filter.trigger}},
                              "ticks",
                              "before",
                              filter.before > 0 ? format_timestamp(filter.before) : std::string(),
                              filter.limit},
                             tick_of);
}

Result<CountedBackfill> RemoteReader::find_counted_backfill(BackfillNo no) {
  TRY_ASSIGN(const std::string text, client_.get(fmt::format("/backfills/{}", no)));
  TRY_ASSIGN(const JsonSlice json, JsonSlice::parse(text));
  return backfill_of(json);
}

Result<std::vector<CountedBackfill>> RemoteReader::list_counted_backfills(
    const BackfillFilter& filter) {
  return read_pages<CountedBackfill>(client_,
                                     {"/backfills",
                                      {{"unfinished", flag_text(filter.unfinished)}},
                                      "backfills",
                                      "before",
                                      number_text(filter.before),
                                      filter.limit},
                                     backfill_of);
}

Result<BackfillRow> RemoteReader::find_backfill(BackfillNo no) {
  TRY_ASSIGN(CountedBackfill found, find_counted_backfill(no));
  return std::move(found.row);
}

Result<std::vector<BackfillRow>> RemoteReader::list_backfills(const BackfillFilter& filter) {
  TRY_ASSIGN(std::vector<CountedBackfill> found, list_counted_backfills(filter));
  std::vector<BackfillRow> rows;
  rows.reserve(found.size());
  for (CountedBackfill& one : found) rows.push_back(std::move(one.row));
  return rows;
}

Result<std::vector<Millis>> RemoteReader::list_pool_starts(std::string_view /*pool*/,
                                                           Millis /*after*/,
                                                           std::uint32_t /*limit*/) {
  return only_local("when a pool was used");
}

Result<bool> RemoteReader::is_done(const TimeKey& /*time*/) {
  return only_local("whether a time is done");
}

void RemoteReader::remember(const std::string& ns, const std::string& id, std::int64_t version,
                            const std::string& hash) {
  versions_[hash] = {ns, id, version};
}

Result<AppliedFlowRow> RemoteReader::find_applied(std::string_view ns, std::string_view flow_id) {
  TRY_ASSIGN(const std::string text, client_.get(flow_path(ns, flow_id)));
  TRY_ASSIGN(const JsonSlice json, JsonSlice::parse(text));
  TRY_ASSIGN(AppliedFlowRow row, flow_of(json));
  remember(row.ns, row.flow_id, row.version, row.hash);
  return row;
}

Result<std::vector<AppliedFlowRow>> RemoteReader::list_applied(const AppliedFilter& filter) {
  const bool follows = !filter.after_ns.empty() || !filter.after_id.empty();
  Pages pages{"/flows",
              {{"id", filter.flow_id}, {"removed", flag_text(filter.removed)}},
              "flows",
              "after",
              follows ? flow_name(filter.after_ns, filter.after_id) : std::string(),
              filter.limit};
  add_namespace(pages, filter.ns);
  TRY_ASSIGN(std::vector<AppliedFlowRow> rows,
             read_pages<AppliedFlowRow>(client_, std::move(pages), flow_of));
  for (const AppliedFlowRow& row : rows) remember(row.ns, row.flow_id, row.version, row.hash);
  return rows;
}

Result<std::vector<AppliedVersionRow>> RemoteReader::list_versions(const VersionFilter& filter) {
  TRY_ASSIGN(std::vector<AppliedVersionRow> rows,
             read_pages<AppliedVersionRow>(client_,
                                           {flow_path(filter.ns, filter.flow_id) + "/versions",
                                            {},
                                            "versions",
                                            "before",
                                            number_text(filter.before),
                                            filter.limit},
                                           version_of));
  for (AppliedVersionRow& row : rows) {
    row.ns = filter.ns;
    row.flow_id = filter.flow_id;
    remember(row.ns, row.flow_id, row.version, row.hash);
  }
  return rows;
}

Result<std::vector<HashRuns>> RemoteReader::count_runs(std::string_view ns,
                                                       std::string_view flow_id) {
  const auto parse = [](const JsonSlice& json) -> Result<HashRuns> {
    return HashRuns{json.text("hash"), json.number("runs")};
  };
  TRY_ASSIGN(std::vector<HashRuns> counts,
             read_pages<HashRuns>(client_,
                                  {flow_path(ns, flow_id) + "/versions",
                                   {},
                                   "versions",
                                   "before",
                                   {},
                                   std::numeric_limits<std::uint32_t>::max()},
                                  parse));
  // Several versions may have one content.
  std::ranges::sort(counts, {}, &HashRuns::hash);
  const auto doubles = std::ranges::unique(counts, {}, &HashRuns::hash);
  counts.erase(doubles.begin(), doubles.end());
  return counts;
}

Result<std::vector<UserRow>> RemoteReader::list_users() {
  return read_pages<UserRow>(client_, {"/users", {}, "users", {}, {}, kPage * kPage}, user_of);
}

Result<std::vector<TokenRow>> RemoteReader::list_tokens() {
  return read_pages<TokenRow>(client_, {"/tokens", {}, "tokens", {}, {}, kPage * kPage}, token_of);
}

Result<std::vector<ListedTrigger>> RemoteReader::list_triggers(const AppliedFilter& filter) {
  std::string ns = filter.ns.value_or("");
  if (filter.ns.has_value() && ns.empty()) ns = "_";
  return read_pages<ListedTrigger>(client_,
                                   {"/triggers",
                                    {{"namespace", ns}, {"flow", filter.flow_id}},
                                    "triggers",
                                    "after",
                                    {},
                                    std::numeric_limits<std::uint32_t>::max()},
                                   trigger_of);
}

Result<EventRow> RemoteReader::find_event(EventNo no) {
  TRY_ASSIGN(const std::string text, client_.get(fmt::format("/events/{}", no)));
  TRY_ASSIGN(const JsonSlice json, JsonSlice::parse(text));
  return event_of(json);
}

Result<std::vector<EventRow>> RemoteReader::list_events(const EventFilter& filter) {
  std::string ns = filter.ns.value_or("");
  if (filter.ns.has_value() && ns.empty()) ns = "_";
  const std::string state = filter.state.has_value() ? std::string(to_string(*filter.state)) : "";
  return read_pages<EventRow>(
      client_,
      {"/events",
       {{"namespace", ns}, {"flow", filter.flow_id}, {"trigger", filter.trigger}, {"state", state}},
       "events",
       "before",
       number_text(filter.before),
       filter.limit},
      event_of);
}

Result<std::vector<NoticeRow>> RemoteReader::list_notices(const NoticeFilter& filter) {
  const std::string kind = filter.kind.has_value() ? std::string(to_string(*filter.kind)) : "";
  return read_pages<NoticeRow>(
      client_,
      {"/notices",
       {{"team", filter.team}, {"kind", kind}, {"run", number_text(filter.run)}},
       "notices",
       "before",
       number_text(filter.before),
       filter.limit},
      notice_of);
}

Result<std::vector<AuditRow>> RemoteReader::list_audit(const AuditFilter& filter) {
  return read_pages<AuditRow>(client_,
                              {"/audit",
                               {{"actor", filter.actor}, {"subject", filter.subject}},
                               "audit",
                               "before",
                               number_text(filter.before),
                               filter.limit},
                              audit_of);
}

Result<RunWhy> RemoteReader::explain(const RunRow& run) {
  TRY_ASSIGN(const std::string text, client_.get(fmt::format("/runs/{}/why", run.no)));
  TRY_ASSIGN(const JsonSlice json, JsonSlice::parse(text));
  return why_of(json, run);
}

Result<std::vector<PlaceUse>> RemoteReader::list_places() {
  return read_pages<PlaceUse>(client_, {"/places", {}, "places", {}, {}, kPage}, place_of);
}

Result<std::vector<PoolUse>> RemoteReader::list_pools() {
  return read_pages<PoolUse>(client_, {"/pools", {}, "pools", {}, {}, kPage}, pool_of);
}

Result<std::vector<ListedInput>> RemoteReader::list_inputs() {
  return read_pages<ListedInput>(client_, {"/inputs", {}, "inputs", {}, {}, kPage * kPage},
                                 input_of);
}

Result<std::vector<KeptSecret>> RemoteReader::list_secrets() {
  return read_pages<KeptSecret>(client_, {"/secrets", {}, "secrets", {}, {}, kPage * kPage},
                                secret_of);
}

}  // namespace cordyna::client
