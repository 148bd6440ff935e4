// Logs of attempts: a range of lines, from a byte on, so that a reader can go on where it was.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/text.hpp"
#include "model/layout.hpp"
#include "model/log_format.hpp"
#include "server/api/attempt_place.hpp"
#include "server/api/plain_file.hpp"
#include "server/api/routes.hpp"

namespace cordyna::server {
namespace {

constexpr std::size_t kBytesAtOnce = std::size_t{1} << 20;

std::string_view stream_name(char stream) {
  if (stream == 'e') return "stderr";
  return stream == 'o' ? "stdout" : "system";
}

void append_line(std::string& out, const LogRecord& record) {
  fmt::format_to(std::back_inserter(out),
                 "{{\"at\":\"{}\",\"stream\":\"{}\",\"text\":", format_timestamp(record.at),
                 stream_name(record.stream));
  append_json(out, record.text);
  out += record.continued ? ",\"continued\":true}" : "}";
}

/// The newest attempt of a task, or the one that is asked for.
const AttemptRow* find_attempt(const std::vector<AttemptRow>& attempts, const std::string& task,
                               std::int64_t number) {
  const AttemptRow* found = nullptr;
  for (const AttemptRow& attempt : attempts) {
    if (attempt.path == task && (number == 0 || attempt.attempt == number)) found = &attempt;
  }
  return found;
}

}  // namespace

void show_log(Api& api, Call& call) {
  const auto run = api.run_of(call);
  if (!run.has_value()) return;
  const auto version = api.reader().find_flow(run->flow_hash);
  if (!version.has_value()) return call.refuse(version.error());
  const auto flow = api.flows().load(version->canonical, run->folder);
  if (!flow.has_value()) return call.refuse(flow.error());
  const auto attempts = api.reader().list_attempts(run->no);
  if (!attempts.has_value()) return call.refuse(attempts.error());
  const std::string path = call.query_value("task").value_or("");
  const AttemptRow* attempt = find_attempt(*attempts, path, call.query_number("attempt", 0));
  const auto folder = attempt_place(api.parts().layout, **flow, run->no, path,
                                    attempt == nullptr ? 0 : attempt->attempt);
  if (attempt == nullptr || !folder.has_value()) {
    return call.refuse(problem("not_found", fmt::format("run {} has no such attempt", run->no)));
  }
  const std::int64_t from = call.query_number("offset", 0);
  const std::string bytes = PlainFile(*folder + "/" + attempt_file::kLog).read(from, kBytesAtOnce);
  const std::size_t whole = bytes.rfind('\n') + 1;  // npos + 1 is 0: no line is whole yet
  std::string out = "{\"lines\":[";
  bool first = true;
  for (std::size_t at = 0; at < whole;) {
    const std::size_t end = bytes.find('\n', at);
    const auto record = parse_log_record(std::string_view(bytes).substr(at, end - at));
    at = end + 1;
    if (!record.has_value()) continue;
    if (!std::exchange(first, false)) out += ",\n";
    append_line(out, *record);
  }
  const bool ended = is_final(attempt->state) && bytes.size() < kBytesAtOnce;
  fmt::format_to(std::back_inserter(out), "],\"attempt\":{},\"offset\":{},\"ended\":{}}}",
                 attempt->attempt, from + static_cast<std::int64_t>(whole), ended);
  call.answer(std::move(out));
}

}  // namespace cordyna::server
