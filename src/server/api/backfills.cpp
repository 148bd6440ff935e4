// Backfills: listed, looked at, steered.
#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "server/api/page.hpp"
#include "server/api/routes.hpp"
#include "service/backfill_counts.hpp"
#include "service/json.hpp"

namespace cordyna::server {
namespace {

/// Nullopt: the call is refused.
std::optional<BackfillRow> backfill_of(Api& api, Call& call) {
  const std::string& text = call.value("backfill");
  BackfillNo no = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, no);
  const Problem missing =
      problem("not_found", "there is no such backfill, or it is not yours to see");
  if (error != std::errc() || stop != end || no < 1) {
    call.refuse(missing);
    return std::nullopt;
  }
  auto row = api.reader().find_backfill(no);
  if (!row.has_value() && row.error().code != ErrorCode::kNotFound) {
    call.refuse(row.error());
    return std::nullopt;
  }
  if (!row.has_value() || !call.caller.may(Role::kViewer, row->ns)) {
    call.refuse(missing);
    return std::nullopt;
  }
  if (call.caller.may(call.route->role, row->ns)) return std::move(*row);
  call.refuse(
      problem("forbidden", fmt::format("this wants the role {}", to_string(call.route->role))));
  return std::nullopt;
}

}  // namespace

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
