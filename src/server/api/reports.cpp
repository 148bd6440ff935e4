// What the data steps of a run reported at their end.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "model/layout.hpp"
#include "server/api/attempt_place.hpp"
#include "server/api/plain_file.hpp"
#include "server/api/routes.hpp"
#include "service/report_files.hpp"

namespace cordyna::server {
namespace {

constexpr std::size_t kReportBytesMax = std::size_t{4} << 20;

/// Whether a task wrote an object: what it left goes into the answer as it is.
bool is_json_object(const std::string& text) {
  boost::system::error_code error;
  return boost::json::parse(text, error).is_object() && !error.failed();
}

std::uint32_t newest_attempt(const std::vector<AttemptRow>& attempts, const std::string& path) {
  std::uint32_t newest = 0;
  for (const AttemptRow& attempt : attempts) {
    if (attempt.path == path) newest = std::max(newest, attempt.attempt);
  }
  return newest;
}

}  // namespace

void show_report(Api& api, Call& call) {
  const auto run = api.run_of(call);
  if (!run.has_value()) return;
  const auto version = api.reader().find_flow(run->flow_hash);
  if (!version.has_value()) return call.refuse(version.error());
  const auto flow = api.flows().load(version->canonical, run->folder);
  if (!flow.has_value()) return call.refuse(flow.error());
  const auto attempts = api.reader().list_attempts(run->no);
  if (!attempts.has_value()) return call.refuse(attempts.error());
  const std::string path = call.query_value("task").value_or("");
  const std::uint32_t newest = newest_attempt(*attempts, path);
  const auto attempt = static_cast<std::uint32_t>(call.query_number("attempt", newest));
  const auto folder = attempt_place(api.parts().layout, **flow, run->no, path, attempt);
  if (!folder.has_value() || attempt > newest) {
    return call.refuse(problem("not_found", fmt::format("run {} has no such attempt", run->no)));
  }
  std::string out = fmt::format("{{\"attempt\":{}", attempt);
  if (attempt > 0) {
    const std::string report =
        PlainFile(*folder + "/" + attempt_file::kReport).read(0, kReportBytesMax);
    if (is_json_object(report)) {
      out += ",\"report\":" + report + ",\"gone\":[";
      bool first = true;
      for (const std::string& name : gone_files_of_report(report)) {
        if (!std::exchange(first, false)) out += ',';
        append_json(out, name);
      }
      out += ']';
    }
  }
  call.answer(out + '}');
}

}  // namespace cordyna::server
