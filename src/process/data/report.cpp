#include "process/data/report.hpp"

#include <boost/json.hpp>
#include <cstdio>

#include "process/data/files.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

json::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

json::object guard_of(const GuardReport& guard) {
  json::object metrics;
  for (const auto& [name, value] : guard.point.metrics) metrics[view(name)] = value;
  json::object out{{"series", guard.series},
                   {"verdict", view(to_string(guard.point.verdict))},
                   {"good_points", guard.good},
                   {"metrics", std::move(metrics)}};
  if (!guard.reason.empty()) out["reason"] = guard.reason;
  return out;
}

json::object source_of(const SourceReport& source) {
  json::object out{{"url", source.url}, {"status", source.status}, {"bytes", source.bytes}};
  if (!source.sha256.empty()) out["sha256"] = source.sha256;
  out["tries"] = source.tries;
  out["resumed"] = source.resumed;
  if (source.objects > 0) out["objects"] = source.objects;
  if (!source.etag.empty()) out["etag"] = source.etag;
  if (!source.modified.empty()) out["last_modified"] = source.modified;
  return out;
}

json::object outputs_of(const StepReport& report) {
  json::object out;
  if (!report.data.empty()) out["data"] = report.data;
  out["rows"] = report.rows;
  if (report.rows_in.has_value()) out["rows_in"] = *report.rows_in;
  for (const auto& [name, count] : report.counts) out[view(name)] = count;
  for (const auto& [name, path] : report.files) out[view(name)] = path;
  if (report.source.has_value()) out["source"] = source_of(*report.source);
  json::object unmatched;
  for (const auto& [source, count] : report.unmatched) unmatched[view(source)] = count;
  if (!unmatched.empty()) out["unmatched"] = std::move(unmatched);
  json::array targets;
  for (const std::string& target : report.targets) targets.emplace_back(target);
  if (!targets.empty()) out["targets"] = std::move(targets);
  json::array schema;
  for (const SourceColumn& column : report.schema) {
    json::object entry{{"name", column.name}, {"type", column.type}};
    if (column.pii) entry["pii"] = true;
    schema.push_back(std::move(entry));
  }
  if (!schema.empty()) out["schema"] = std::move(schema);
  json::object rates;
  for (const auto& [name, rate] : report.null_rates) rates[view(name)] = rate;
  if (!report.schema.empty()) out["null_rates"] = std::move(rates);
  json::array checks;
  for (const CheckCount& check : report.checks) {
    checks.push_back(
        {{"name", check.name}, {"severity", view(to_string(check.severity))}, {"bad", check.bad}});
  }
  if (!checks.empty()) out["checks"] = std::move(checks);
  if (report.guard.has_value()) out["guard"] = guard_of(*report.guard);
  out["seconds"] = report.seconds;
  if (report.memory_peak_bytes > 0) out["memory_peak_bytes"] = report.memory_peak_bytes;
  return out;
}

}  // namespace

std::string report_json(const StepReport& report, const TaskError* error) {
  json::object out;
  out["warnings"] = report.warnings.size();
  json::array messages;
  for (const std::string& message : report.warnings) messages.emplace_back(message);
  if (!messages.empty()) out["messages"] = std::move(messages);
  out["outputs"] = outputs_of(report);
  if (!report.hold.empty()) out["hold"] = report.hold;
  if (report.guard.has_value()) {
    out["measurement"] = {{"series", report.guard->series},
                          {"verdict", view(to_string(report.guard->point.verdict))},
                          {"facts", json::parse(guard::write_facts(report.guard->point))}};
  }
  if (error != nullptr) {
    out["error"] = {{"code", view(info(error->code).name)},
                    {"message", error->message},
                    {"phase", view(to_string(error->phase))}};
  }
  return json::serialize(out);
}

Result<> write_report(const std::string& path, const StepReport& report, const TaskError* error) {
  const std::string staged = path + ".new";
  TRY(write_file(staged, report_json(report, error) + "\n"));
  if (std::rename(staged.c_str(), path.c_str()) != 0) {
    return fail(ErrorCode::kUnavailable, "cannot write " + path);
  }
  return {};
}

}  // namespace cordyna::data
